/** One call of Envoy's filter, from its first message to its end: runs the steps of its exchange and does their effects. */
import type { Exchange, Inspector, Verdict } from '../inspection/model.ts'
import type { Context, Effect, Event, State } from './exchange/model.ts'
import { heldBytes, initial, step } from './exchange/step.ts'
import { maxUnsentBytes, type Times } from './limits.ts'
import { decodeRequest, type Headers, type ProcessingRequest, type Side } from './messages/request.ts'
import { noVerdict } from './summary.ts'
import { type Call, type CallEvents, type Status, status } from './transport.ts'

/** What all sessions share. */
export type House = {
  readonly inspector: Inspector
  readonly times: Times
  /** Adds to the bytes held by everybody; false where that is too much. */
  hold(bytes: number): boolean
}

type Ask = { readonly side: Side | undefined; readonly run: (exchange: Exchange) => Promise<Verdict> }

export class Session implements CallEvents {
  readonly #call: Call
  readonly #house: House
  readonly #profile: string
  #exchange: Exchange | undefined
  #context: Context | undefined
  #state: State = initial
  #held = 0
  /** Came before the inspection was ready. */
  #early: ProcessingRequest[] | undefined
  readonly #timers = new Map<Side, NodeJS.Timeout>()
  #asks: Ask[] = []
  #asking = false
  #verdictTimer: NodeJS.Timeout | undefined
  #pausedByState = false
  #over = false

  constructor(call: Call, profile: string, house: House) {
    this.#call = call
    this.#profile = profile
    this.#house = house
  }

  // ---- the call

  message(bytes: Buffer) {
    if (this.#over) return
    const message = decodeRequest(bytes)
    if (message === undefined) return this.#end(status.invalidArgument, 'no message of ext_proc')
    if (this.#context !== undefined) return this.#happen({ kind: 'message', message })
    if (this.#early !== undefined) this.#early.push(kept(message))
    else if (message.kind === 'headers') this.#begin(message)
    else this.#end(status.invalidArgument, 'the first message has no headers')
  }

  halfClosed(): void {
    // the client is gone, or the exchange is over; a call that Envoy gives up must never look like one that passed
    const done = this.#state.refused || (this.#state.request.at === 'over' && this.#state.response.at === 'over')
    this.#end(done ? status.ok : status.cancelled, '')
  }

  drained(): void {
    this.#flow()
  }

  closed(): void {
    this.#cleanUp()
  }

  // ---- the exchange

  #begin(first: Headers) {
    const found = this.#house.inspector.begin(this.#profile)
    if (!(found instanceof Promise)) return this.#open(found, first)
    this.#early = []
    this.#call.pause()
    found.then(
      (exchange) => this.#open(exchange, first),
      () => this.#open(undefined, first),
    )
  }

  #open(exchange: Exchange | undefined, first: Headers) {
    if (this.#over) return exchange?.drop()
    const profile = this.#house.inspector.profile(this.#profile)
    if (exchange === undefined || profile === undefined || first.modes === undefined) {
      exchange?.drop()
      return this.#end(status.failedPrecondition, first.modes === undefined ? 'Envoy 1.38 or newer' : 'unknown profile')
    }
    const { times } = this.#house
    this.#exchange = exchange
    this.#context = { plan: exchange.plan, profile: profile.id, enforce: profile.enforce, times, modes: first.modes }
    const early = this.#early ?? []
    if (this.#early !== undefined) this.#call.resume()
    this.#early = undefined
    for (const message of [first, ...early]) this.#happen({ kind: 'message', message })
  }

  #happen(event: Event): void {
    if (this.#over || this.#context === undefined) return
    const { state, effects } = step(this.#state, event, this.#context)
    this.#state = state
    for (const effect of effects) this.#do(effect)
    this.#account()
    this.#flow()
  }

  #account(): void {
    if (this.#over) return
    const held = heldBytes(this.#state)
    if (held === this.#held) return
    const change = held - this.#held
    this.#held = held
    if (!this.#house.hold(change) && change > 0) this.#happen({ kind: 'crowded' })
  }

  /** Envoy is asked for more only while what has come can go on. */
  #flow(): void {
    if (this.#over) return
    if (this.#pausedByState || this.#call.unsent > maxUnsentBytes) this.#call.pause()
    else this.#call.resume()
  }

  static readonly #effects: {
    readonly [K in Effect['kind']]: (session: Session, effect: Extract<Effect, { kind: K }>) => void
  } = {
    send: (session, { bytes }) => session.#call.send(bytes),
    judgeRequest: (session, { head, body }) =>
      session.#ask({ side: 'request', run: (exchange) => exchange.request(head, body) }),
    judgeResponse: (session, { head, body }) =>
      session.#ask({ side: 'response', run: (exchange) => exchange.response(head, body) }),
    more: (session, { bytes, end, flush }) =>
      session.#ask({ side: undefined, run: (exchange) => exchange.more(bytes, { end, flush }) }),
    timer: (session, { side, ms }) => session.#startTimer(side, ms),
    stopTimer: (session, { side }) => session.#stopTimer(side),
    pause: (session) => {
      session.#pausedByState = true
    },
    resume: (session) => {
      session.#pausedByState = false
    },
    end: (session, { code, message }) => session.#end(code, message),
  }

  #do(effect: Effect): void {
    const run = Session.#effects[effect.kind] as (session: Session, effect: Effect) => void
    run(this, effect)
  }

  // ---- questions, one at a time

  #ask(ask: Ask): void {
    this.#asks.push(ask)
    if (!this.#asking) this.#askNext()
  }

  #askNext(): void {
    const next = this.#asks.shift()
    const exchange = this.#exchange
    this.#asking = next !== undefined && exchange !== undefined
    if (next === undefined || exchange === undefined) return
    let waiting = true
    const answer = (verdict: Verdict) => {
      if (!waiting) return
      waiting = false
      clearTimeout(this.#verdictTimer)
      this.#answered(next, verdict)
    }
    this.#verdictTimer = setTimeout(answer, this.#patience(next.side), noVerdict)
    try {
      next.run(exchange).then(answer, () => answer(noVerdict))
    } catch {
      answer(noVerdict)
    }
  }

  #patience(side: Side | undefined): number {
    const { times } = this.#house
    const held = side === undefined || this.#context?.modes[side] !== 'streamed'
    return held ? times.verdict : times.observedVerdict
  }

  #answered({ side }: Ask, verdict: Verdict): void {
    if (this.#over) return
    this.#happen(side === undefined ? { kind: 'further', verdict } : { kind: 'verdict', side, verdict })
    this.#askNext()
  }

  // ---- clocks and the end

  #startTimer(side: Side, ms: number): void {
    this.#stopTimer(side)
    this.#timers.set(
      side,
      setTimeout(() => this.#happen({ kind: 'time', side }), ms),
    )
  }

  #stopTimer(side: Side): void {
    clearTimeout(this.#timers.get(side))
    this.#timers.delete(side)
  }

  #end(code: Status, message: string): void {
    if (this.#over) return
    this.#cleanUp()
    this.#call.end(code, message)
  }

  #cleanUp(): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#verdictTimer)
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    this.#asks = []
    this.#early = undefined
    this.#house.hold(-this.#held)
    this.#held = 0
    this.#exchange?.drop()
  }
}

/** Its bytes are the transport's, and it has to wait. */
function kept(message: ProcessingRequest): ProcessingRequest {
  return message.kind === 'body' ? { ...message, bytes: Buffer.from(message.bytes) } : message
}
