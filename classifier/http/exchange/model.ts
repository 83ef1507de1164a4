/** The words of one ext_proc exchange: what happens to it, what is to be done, where its two sides are. */
import type { BodyPrefix, Plan, RequestHead, ResponseHead, Verdict } from '../../inspection/model.ts'
import type { Collected } from '../collect.ts'
import type { Times } from '../limits.ts'
import type { BodyMode, ProcessingRequest, Side } from '../messages/request.ts'
import type { Summary } from '../summary.ts'
import type { Status } from '../transport.ts'

/** What is the same for the whole exchange. */
export type Context = {
  readonly plan: Plan
  readonly profile: string
  /** Without a verdict a message is refused. */
  readonly enforce: boolean
  readonly times: Times
  /** What Envoy does with bodies meanwhile. */
  readonly modes: Readonly<Record<Side, BodyMode>>
}

export type Event =
  | { readonly kind: 'message'; readonly message: ProcessingRequest }
  | { readonly kind: 'verdict'; readonly side: Side; readonly verdict: Verdict }
  /** The answer to `more`. */
  | { readonly kind: 'further'; readonly verdict: Verdict }
  /** A timer has run out. */
  | { readonly kind: 'time'; readonly side: Side }
  /** Too much is held for all exchanges together. */
  | { readonly kind: 'crowded' }

export type Effect =
  | { readonly kind: 'send'; readonly bytes: Buffer }
  | { readonly kind: 'judgeRequest'; readonly head: RequestHead; readonly body: BodyPrefix | undefined }
  | { readonly kind: 'judgeResponse'; readonly head: ResponseHead; readonly body: BodyPrefix | undefined }
  | { readonly kind: 'more'; readonly bytes: Uint8Array; readonly end: boolean; readonly flush: boolean }
  /** Starts a side's one timer anew. */
  | { readonly kind: 'timer'; readonly side: Side; readonly ms: number }
  | { readonly kind: 'stopTimer'; readonly side: Side }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** Ends the call. Any code but OK makes an enforcing Envoy refuse or cut. */
  | { readonly kind: 'end'; readonly code: Status; readonly message: string }

/** The answers that Envoy waits for. */
export type Owed = 'headers' | 'body' | 'trailers'
export type Head =
  | { readonly side: 'request'; readonly head: RequestHead }
  | { readonly side: 'response'; readonly head: ResponseHead }

export type SideState =
  /** Nothing has come. */
  | { readonly at: 'waiting' }
  /** Its head alone is judged. `follows`: a body comes after it that nobody looks at. */
  | { readonly at: 'judgingHead'; readonly follows: boolean }
  /** Headers and body are here and nowhere else. */
  | { readonly at: 'collecting'; readonly head: Head; readonly body: Collected }
  | {
      readonly at: 'judging'
      /** What was judged, and then what came since. */
      readonly body: Collected
      readonly judged: number
      readonly bodyEnd: boolean
      readonly trailers: boolean
      readonly follow: Follow
    }
  /** Held pieces go through as they are. */
  | { readonly at: 'passing' }
  /** A response whose pieces are judged one after the other. */
  | {
      readonly at: 'following'
      readonly waiting: Collected
      /** What is being judged now. */
      readonly busy: { readonly bytes: Uint8Array; readonly end: boolean; readonly flush: boolean } | undefined
      readonly bodyEnd: boolean
      readonly trailers: boolean
      readonly events: boolean
      /** Something may be held back by the inspection. */
      readonly dirty: boolean
    }
  /** Envoy holds the body and sends it on as we answer; we have a copy. */
  | { readonly at: 'watching'; readonly head: Head; readonly body: Collected }
  | { readonly at: 'watchJudging'; readonly owed: Owed | undefined }
  /** Nothing more is looked at; each message is answered as it comes. `untold`: the log does not know yet what was found. */
  | { readonly at: 'watched'; readonly untold: boolean }
  | { readonly at: 'over' }

/** What becomes of what comes after a judged prefix. */
export type Follow = 'pass' | 'lines' | 'events'

export type State = {
  readonly request: SideState
  readonly response: SideState
  readonly summary: Summary
  readonly incident: string
  /** It was refused, or failed: nothing more is answered. */
  readonly refused: boolean
}

export type Step = { readonly state: State; readonly effects: readonly Effect[] }
