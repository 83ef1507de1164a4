/** Grafana Loki. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const loki: Signature = [request({ paths: ['/loki/api/v1/*'] })]
