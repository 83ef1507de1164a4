/** Bounds of the ext_proc front, and what becomes of what passes them. HTTP/2's own are in `http2/limits.ts`. */

/** How long things may take, in milliseconds. */
export type Times = {
  /** For the part of a request that is judged to arrive; past it the client gets 408. */
  readonly request: number
  /** The same of a response; past it what has come is judged, the rest piece by piece. */
  readonly response: number
  /** For a verdict; the inspection's own deadline is shorter, this is for one that hangs. Past it: no verdict. */
  readonly verdict: number
  /** The same where nothing waits for it but the log: below the filter's `message_timeout` of 1 s. */
  readonly observedVerdict: number
  /** A piece of a response that may be the beginning of something is held back so long at most. */
  readonly idle: number
}

export const defaultTimes: Times = {
  request: 30_000,
  response: 1_000,
  verdict: 5_000,
  observedVerdict: 800,
  idle: 1_000,
}

/** Bytes of bodies held for all requests together; past it a held request gets 503, a watched one is judged as it is. */
export const maxHeldBytes = 256 * 1024 * 1024
/** Bytes of one piece of a held body on its way on. */
export const pieceBytes = 65_536
/** Bytes that have come after a judged prefix while they can not go on: past it Envoy is asked for no more. */
export const maxWaitingBytes = 65_536
/** Bytes sent to an Envoy that does not take them: past it it is asked for no more. */
export const maxUnsentBytes = 262_144
