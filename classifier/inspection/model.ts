/**
 * The words between the ext_proc front (`classifier/http/`), which speaks to Envoy, and the inspection, which judges.
 * The front collects and holds bytes and never looks into them; the inspection never knows a socket.
 */
import type { Plan } from '../../xds-server/policy/inspection-plan.ts'
import type { InspectionProfile } from '../../xds-server/policy/sensor.ts'

export type Header = readonly [name: string, value: string]

/** Texts are byte strings (latin1: one character for each byte); pseudo-headers are fields, not headers. */
export type RequestHead = {
  readonly method: string
  /** As the client sent it, before Envoy normalised it where that is known. */
  readonly path: string
  readonly authority: string
  /** `HTTP/1.0`, `HTTP/1.1`, `HTTP/2`. */
  readonly protocol: string
  readonly headers: readonly Header[]
  /** The peer's address without port; empty where Envoy did not say. */
  readonly source: string
  /** Our id of the request (filter state `postern.incident`); empty where Envoy did not say. */
  readonly incident: string
}

export type ResponseHead = { readonly status: number; readonly headers: readonly Header[] }

/** What a profile wants to see: the front asks Envoy for no more. */
export type { Plan }

/** A piece of a body, from its beginning. `end`: there is no more. Without it, `bytes` is as much as the plan holds. */
export type BodyPrefix = { readonly bytes: Uint8Array; readonly end: boolean }

/** One thing that was found. Never holds a value that a DLP detector found. */
export type Finding = {
  readonly kind: 'waf' | 'dlp'
  readonly sensor: string
  /** Rule id of a rule set (`942100`), or the name of the sensor's rule. */
  readonly rule: string
  /** `critical` `error` `warning` `notice`. */
  readonly severity: string
  /** In words for people; what matched in a WAF rule is cut to 128 characters. */
  readonly message: string
  /** Where: `ARGS:name`, `url`, `header`, `body`. */
  readonly where: string
  /** Redacted sample, DLP only. */
  readonly sample?: string
}

export type Verdict = {
  /**
   * `pass`: let it go on. `deny`: refuse it (only where the profile enforces). `error`: no verdict could be had
   * (deadline, worker lost, engine defect): an enforcing front refuses with 5xx, it never passes.
   */
  readonly action: 'pass' | 'deny' | 'error'
  /** HTTP status of a refusal: 403, 413 past the limit, 400 for a body that can not be read, 503 for `error`. */
  readonly status: number
  /** What a deny would have been, where the profile does not enforce or the binding says `allow`; and what was masked. */
  readonly findings: readonly Finding[]
  /** How many there were, those left out (more than 16) among them. */
  readonly found: number
  /** Anomaly score of the rule sets, the highest of the sensors. */
  readonly score: number
  /** Why not everything was looked at; undefined where it was. */
  readonly partial: string | undefined
  /** The body to send instead, whole or prefix as it was given; undefined: unchanged. */
  readonly masked: Uint8Array | undefined
  /** `content-encoding` is to be removed: the masked body is plain. */
  readonly decoded: boolean
  /** Microseconds of work. */
  readonly us: number
}

/** One request and its response. Calls are made in order, one at a time; `drop` may come at any time. */
export interface Exchange {
  readonly plan: Plan
  request(head: RequestHead, body: BodyPrefix | undefined): Promise<Verdict>
  response(head: ResponseHead, body: BodyPrefix | undefined): Promise<Verdict>
  /**
   * What follows a response prefix without `end`, piece by piece (event streams and slow or long bodies): `masked` is
   * what may leave now in place of what came so far (undefined: what came). `flush`: nothing may be held back (an event's
   * end). Findings are those of all that came so far.
   */
  more(bytes: Uint8Array, last: { readonly end: boolean; readonly flush: boolean }): Promise<Verdict>
  /** The stream is over: nothing of it is kept. */
  drop(): void
}

/** The profiles in force and the workers that judge by them. */
export interface Inspector {
  /** Waits (bounded) for a profile that is not here yet; undefined: it did not come. */
  begin(profile: string): Exchange | undefined | Promise<Exchange | undefined>
  profile(id: string): InspectionProfile | undefined
}
