/**
 * One ext_proc exchange as states and one step: what Envoy says, what the inspection finds and what a clock does come
 * in; what is to be sent and asked comes out.
 *
 * Promises: nothing of a held message leaves before its verdict, and an exchange that was refused says nothing more.
 * Never looks into a body, never waits, never reads a clock.
 */

import type { Side } from '../messages/request.ts'
import { nothingFound, noVerdict } from '../summary.ts'
import { bodyOrTrailers, judgeHeld, judgeWatched } from './bodies.ts'
import { flushIdle, judgedFurther } from './following.ts'
import type { Context, Event, State, Step } from './model.ts'
import { start } from './start.ts'
import { Turn } from './turn.ts'
import { judged } from './verdicts.ts'

export const initial: State = {
  request: { at: 'waiting' },
  response: { at: 'waiting' },
  summary: nothingFound,
  incident: '',
  refused: false,
}

const handlers: { readonly [K in Event['kind']]: (turn: Turn, event: Extract<Event, { kind: K }>) => void } = {
  message: (turn, { message }) => (message.kind === 'headers' ? start(turn, message) : bodyOrTrailers(turn, message)),
  verdict: (turn, { side, verdict }) => judged(turn, side, verdict),
  further: (turn, { verdict }) => judgedFurther(turn, verdict),
  time: (turn, { side }) => tooSlow(turn, side),
  crowded: (turn) => {
    for (const side of ['request', 'response'] as const) crowded(turn, side)
  },
}

export function step(state: State, event: Event, context: Context): Step {
  if (state.refused) return { state, effects: [] }
  const turn = new Turn(state, context)
  const handle = handlers[event.kind] as (turn: Turn, event: Event) => void
  handle(turn, event)
  return turn.step
}

function tooSlow(turn: Turn, side: Side) {
  const state = turn.side(side)
  if (state.at === 'following') return flushIdle(turn)
  if (state.at === 'watching') return judgeWatched(turn, state.head, state.body, undefined)
  if (state.at !== 'collecting') return
  if (side === 'request') return turn.refuse(side, { ...noVerdict, status: 408, partial: 'slow body' })
  judgeHeld(turn, state.head, state.body, undefined, 'lines')
}

function crowded(turn: Turn, side: Side) {
  const state = turn.side(side)
  if (state.at === 'watching') return judgeWatched(turn, state.head, state.body, undefined)
  if (state.at === 'collecting') turn.refuse(side, { ...noVerdict, partial: 'too many held' })
}

/** Bytes it holds of bodies. */
export function heldBytes({ request, response }: State): number {
  return sideBytes(request) + sideBytes(response)
}

function sideBytes(state: State['request']): number {
  if (state.at === 'collecting' || state.at === 'judging' || state.at === 'watching') return state.body.length
  return state.at === 'following' ? state.waiting.length : 0
}
