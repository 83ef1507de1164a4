/** Samples behind a conversation: who, and which requests. Bounded: they show what to look for, not everything. */
import { mergeRequests, type RequestCounts } from '../policy/evidence.ts'
import { type ConversationEvidence, type InspectionOutcome, inspectionOutcomes } from './model.ts'

/** Addresses kept of each end, and hosts; further ones are only counted in the conversation. */
const maxSamples = 16
/** Characters of a path; what is longer is cut. */
const maxPathLength = 200
/** Different requests that wait to be made templates: doing it one by one would cost more than everything else. */
const maxFresh = 32

export type Request = { readonly method: string; readonly path: string; readonly host: string }

export class Evidence {
  readonly #sources = new Set<string>()
  readonly #destinations = new Set<string>()
  readonly #hosts = new Set<string>()
  #requests: RequestCounts = {}
  readonly #fresh = new Map<string, number>()
  #inspection: InspectionOutcome | undefined

  peers(source: string, destination: string): void {
    sample(this.#sources, source)
    sample(this.#destinations, destination)
  }

  /** `path` may have a query. */
  request({ method, path, host }: Request): void {
    sample(this.#hosts, host)
    const request = `${method} ${path.split('?', 1)[0]!.slice(0, maxPathLength)}`
    this.#fresh.set(request, (this.#fresh.get(request) ?? 0) + 1)
    if (this.#fresh.size >= maxFresh) this.#settle()
  }

  /** The worst stays. */
  inspected(outcome: InspectionOutcome): void {
    const [was, is] = [this.#inspection, outcome]
    if (was === undefined || inspectionOutcomes.indexOf(is) > inspectionOutcomes.indexOf(was)) this.#inspection = is
  }

  /** Later evidence of the same conversation: its requests are all there were until then. */
  follow({ sourceIps, destinationIps, hosts = [], requests, inspection }: ConversationEvidence): void {
    if (inspection !== undefined) this.inspected(inspection)
    for (const ip of sourceIps) sample(this.#sources, ip)
    for (const ip of destinationIps) sample(this.#destinations, ip)
    for (const host of hosts) sample(this.#hosts, host)
    this.#requests = requests
  }

  value(): ConversationEvidence {
    this.#settle()
    return {
      sourceIps: [...this.#sources],
      destinationIps: [...this.#destinations],
      hosts: [...this.#hosts],
      requests: this.#requests,
      ...(this.#inspection && { inspection: this.#inspection }),
    }
  }

  #settle(): void {
    if (this.#fresh.size === 0) return
    this.#requests = mergeRequests(this.#requests, Object.fromEntries(this.#fresh))
    this.#fresh.clear()
  }
}

function sample(samples: Set<string>, one: string): void {
  if (samples.size < maxSamples) samples.add(one)
}
