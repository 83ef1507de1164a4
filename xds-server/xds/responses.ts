/** Encodes responses, once for all streams that are told the same. */
import { encodeDeltaResponse, encodeSotwResponse } from '../envoy/discovery.ts'
import { typeUrlOf } from './resource-types.ts'
import type { Content, Protocol } from './turn.ts'

type Response = { readonly nonce: number; readonly bytes: Buffer }

/** A push goes to thousands of streams within a second; what is older is not asked for again. */
const maxCachedBytes = 16 * 1024 * 1024

export type Responses = {
  /** The response of that content; `newerThan` is the newest nonce of the stream, where a nonce must not come twice. */
  encode(protocol: Protocol, content: Content, newerThan: number): Response
}

const keyOf = (protocol: Protocol, { type, resources, removed }: Content) =>
  `${protocol} ${type} ${resources.map((blob) => `${blob.name} ${blob.version}`).join('\n')}\n-${removed.join('\n')}`

export function createResponses(onEncoded: (bytes: number) => void): Responses {
  const cache = new Map<string, Response>()
  let cachedBytes = 0
  let lastNonce = 0

  /** Nonces increase over all streams, so that one response with its nonce inside serves them all. */
  const make = (protocol: Protocol, { type, resources, removed }: Content): Response => {
    lastNonce += 1
    const nonce = String(lastNonce)
    const common = { typeUrl: typeUrlOf(type), nonce, version: nonce, resources }
    const bytes = protocol === 'delta' ? encodeDeltaResponse({ ...common, removed }) : encodeSotwResponse(common)
    onEncoded(bytes.length)
    return { nonce: lastNonce, bytes }
  }

  const keep = (key: string, response: Response): void => {
    cachedBytes += response.bytes.length - (cache.get(key)?.bytes.length ?? 0)
    cache.delete(key)
    cache.set(key, response)
    for (const [oldest, { bytes }] of cache) {
      if (cachedBytes <= maxCachedBytes) break
      cache.delete(oldest)
      cachedBytes -= bytes.length
    }
  }

  return {
    encode(protocol, content, newerThan) {
      const key = keyOf(protocol, content)
      const cached = cache.get(key)
      if (cached && cached.nonce > newerThan) return cached
      const response = make(protocol, content)
      keep(key, response)
      return response
    },
  }
}
