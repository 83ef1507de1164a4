/** Samples behind a conversation: who, and which requests. Bounded: they show what to look for, not everything. */
import { mergeRequests, type RequestCounts } from '../policy/evidence.ts'
import type { ConversationEvidence } from './model.ts'

/** Addresses kept of each end; further ones are only counted in the conversation. */
const maxAddresses = 16
/** Characters of a path; what is longer is cut. */
const maxPathLength = 200
/** Different requests that wait to be made templates: doing it one by one would cost more than everything else. */
const maxFresh = 32

export class Evidence {
  readonly #sources = new Set<string>()
  readonly #destinations = new Set<string>()
  #requests: RequestCounts = {}
  readonly #fresh = new Map<string, number>()

  peers(source: string, destination: string): void {
    sample(this.#sources, source)
    sample(this.#destinations, destination)
  }

  /** `path` may have a query. */
  request(method: string, path: string): void {
    const request = `${method} ${path.split('?', 1)[0]!.slice(0, maxPathLength)}`
    this.#fresh.set(request, (this.#fresh.get(request) ?? 0) + 1)
    if (this.#fresh.size >= maxFresh) this.#settle()
  }

  /** Later evidence of the same conversation: its requests are all there were until then. */
  follow({ sourceIps, destinationIps, requests }: ConversationEvidence): void {
    for (const ip of sourceIps) sample(this.#sources, ip)
    for (const ip of destinationIps) sample(this.#destinations, ip)
    this.#requests = requests
  }

  value(): ConversationEvidence {
    this.#settle()
    return { sourceIps: [...this.#sources], destinationIps: [...this.#destinations], requests: this.#requests }
  }

  #settle(): void {
    if (this.#fresh.size === 0) return
    this.#requests = mergeRequests(this.#requests, Object.fromEntries(this.#fresh))
    this.#fresh.clear()
  }
}

function sample(addresses: Set<string>, ip: string): void {
  if (addresses.size < maxAddresses) addresses.add(ip)
}
