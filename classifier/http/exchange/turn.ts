/** One step under way: the state as it becomes, the effects as they gather. Nobody outside of a step sees one. */
import type { Verdict } from '../../inspection/model.ts'
import { isUpload } from '../heads.ts'
import { pieceBytes } from '../limits.ts'
import type { Side } from '../messages/request.ts'
import { bodyPiece, immediateAnswer, type Metadata } from '../messages/response.ts'
import { added, metadataOf, refusal } from '../summary.ts'
import { type Status, status } from '../transport.ts'
import type { Context, Effect, Head, SideState, State, Step } from './model.ts'

export class Turn {
  readonly context: Context
  readonly #effects: Effect[] = []
  #state: State

  constructor(state: State, context: Context) {
    this.#state = state
    this.context = context
  }

  get step(): Step {
    return { state: this.#state, effects: this.#effects }
  }

  side(side: Side): SideState {
    return this.#state[side]
  }

  /** Bytes of the message's body that are looked at. */
  limit(it: Head): number {
    const { plan } = this.context
    if (it.side === 'response') return plan.responseBytes
    return isUpload(it.head) ? plan.uploadBytes : plan.requestBytes
  }

  become(side: Side, state: SideState): void {
    this.#state = { ...this.#state, [side]: state }
  }

  knowIncident(incident: string): void {
    this.#state = { ...this.#state, incident }
  }

  do(effect: Effect): void {
    this.#effects.push(effect)
  }

  send(bytes: Buffer): void {
    this.do({ kind: 'send', bytes })
  }

  judge({ side, head }: Head, body: { bytes: Uint8Array; end: boolean } | undefined): void {
    if (side === 'request') this.do({ kind: 'judgeRequest', head, body })
    else this.do({ kind: 'judgeResponse', head, body })
  }

  /** The metadata with everything found so far, where this verdict has added to it. */
  add(verdict: Verdict): Metadata | undefined {
    const summary = added(this.#state.summary, verdict)
    if (summary === this.#state.summary) return undefined
    this.#state = { ...this.#state, summary }
    return this.metadata()
  }

  metadata(): Metadata | undefined {
    return metadataOf(this.#state.summary, this.context.profile)
  }

  /** A held body, or a part of it, on its way on. */
  pieces(side: Side, bytes: Uint8Array, end: boolean): void {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const last = at + pieceBytes >= bytes.length
      this.send(bodyPiece(side, bytes.subarray(at, at + pieceBytes), end && last, undefined))
    }
    if (bytes.length === 0 && end) this.send(bodyPiece(side, bytes, true, undefined))
  }

  /** The client gets a refusal in place of everything that has not left yet. */
  refuse(side: Side, verdict: Verdict): void {
    this.add(verdict)
    this.send(immediateAnswer(refusal(side, verdict, this.#state.incident), this.metadata()))
    this.#stop()
  }

  /** The call ends with an error: Envoy refuses what it holds and cuts what has begun. */
  fail(code: Exclude<Status, 0>, message: string): void {
    this.do({ kind: 'end', code, message })
    this.#stop()
  }

  outOfOrder(): void {
    this.fail(status.internal, 'a message out of order')
  }

  #stop(): void {
    for (const side of ['request', 'response'] as const) this.do({ kind: 'stopTimer', side })
    this.#state = { ...this.#state, request: { at: 'over' }, response: { at: 'over' }, refused: true }
  }
}
