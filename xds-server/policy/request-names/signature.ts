/** What a signature is made of. */
import type { HeaderMatch, HttpMatch } from '../model.ts'

/** Alternatives; each in the words of a rule's `http` part, so that Envoy and `decide()` read them alike. */
export type Signature = readonly HttpMatch[]

type Parts = {
  readonly methods?: readonly string[]
  readonly paths?: readonly string[]
  readonly headers?: readonly HeaderMatch[]
  readonly grpc?: readonly string[]
}

/** One alternative: what is left out is anything. */
export function request({ methods = [], paths = [], headers = [], grpc = [] }: Parts): HttpMatch {
  return { methods, paths, hosts: [], headers, grpc }
}
