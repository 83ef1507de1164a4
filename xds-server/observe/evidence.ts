/** Samples behind a conversation: who, and which requests. Bounded: a sample shows what to look for, not everything. */
import type { ConversationEvidence } from './model.ts'

/** Addresses kept of each end; further ones are only counted in the conversation. */
const maxAddresses = 16
/** Different `METHOD template`s counted one by one; the rest is counted under `other`. */
export const maxRequestKinds = 50
export const otherRequests = 'other'

export class Evidence {
  readonly #sources = new Set<string>()
  readonly #destinations = new Set<string>()
  readonly #requests = new Map<string, number>()
  peers(source: string, destination: string): void {
    sample(this.#sources, source)
    sample(this.#destinations, destination)
  }

  /** `kind` is `METHOD template`. */
  request(kind: string): void {
    const key = this.#room(kind)
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1)
  }

  #room(kind: string): string {
    return this.#requests.has(kind) || this.#requests.size < maxRequestKinds ? kind : otherRequests
  }

  /** Of the same conversation at another time: its counts are totals up to then, so the larger one holds. */
  merge({ sourceIps, destinationIps, requests }: ConversationEvidence): void {
    for (const ip of sourceIps) sample(this.#sources, ip)
    for (const ip of destinationIps) sample(this.#destinations, ip)
    for (const [kind, count] of Object.entries(requests)) {
      const key = this.#room(kind)
      this.#requests.set(key, Math.max(this.#requests.get(key) ?? 0, count))
    }
  }

  value(): ConversationEvidence {
    return {
      sourceIps: [...this.#sources],
      destinationIps: [...this.#destinations],
      requests: Object.fromEntries(this.#requests),
    }
  }
}

function sample(addresses: Set<string>, ip: string): void {
  if (addresses.size < maxAddresses) addresses.add(ip)
}
