/** Amazon S3 and those who speak like it: requests are signed. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const s3: Signature = [request({ headers: [{ name: 'x-amz-content-sha256', present: true }] })]
