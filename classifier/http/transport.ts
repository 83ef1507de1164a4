/**
 * What the front asks of a transport: gRPC calls as they come in, messages in order, both directions, bounded. The HTTP/2
 * layer of `http2/` is the one that ships; the bench has others behind the same words to compare it with.
 */

/** gRPC's codes (grpc.github.io, statuscodes), those we end calls with. */
export const status = {
  ok: 0,
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const
export type Status = (typeof status)[keyof typeof status]

/** One call, as long as it is open. Once it is over, calls of these do nothing. */
export type Call = {
  /** `/package.Service/Method` */
  readonly path: string
  /** First value of the initial metadata's field; empty where there is none. */
  metadata(name: string): string
  /** The first message takes the response's headers along: until then Envoy may try another server. */
  send(message: Buffer): void
  /** After what was sent. `message` for people, ASCII. */
  end(code: Status, message: string): void
  /** Asks the peer for no more than it may send already (`streamWindow`). */
  pause(): void
  resume(): void
  /** Bytes that were sent and the peer does not take yet. */
  readonly unsent: number
}

export type CallEvents = {
  /** The bytes are the transport's: they are good only during the call. */
  message(bytes: Buffer): void
  /** The peer sends no more. */
  halfClosed(): void
  /** `unsent` is 0 again. */
  drained(): void
  /** Reset, or the connection is gone: nothing may be sent any more. Not called after `end`. */
  closed(): void
}

export type Accept = (call: Call) => CallEvents
