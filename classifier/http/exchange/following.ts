/**
 * A response that is judged piece by piece: an event stream, or one that takes its time. Pieces end where events (lines)
 * end, so that nothing complete is ever held back; what has left can not be taken back, a refusal then cuts.
 */
import type { Verdict } from '../../inspection/model.ts'
import { Collected } from '../collect.ts'
import { maxWaitingBytes } from '../limits.ts'
import { bodyPiece, type Metadata, trailersAnswer } from '../messages/response.ts'
import { status } from '../transport.ts'
import type { SideState } from './model.ts'
import type { Turn } from './turn.ts'

type Following = Extract<SideState, { at: 'following' }>

const lf = 10
const cr = 13

/** Where the last line ends: the index behind it, 0 where none does. */
function lastLineEnd(bytes: Uint8Array): number {
  return bytes.lastIndexOf(lf) + 1
}

/** Where the last event ends: behind an empty line, whichever way it is written (WHATWG HTML 9.2.5). */
function lastEventEnd(bytes: Uint8Array): number {
  for (let at = bytes.length - 1; at > 0; at--) {
    const [last, before] = [bytes[at], bytes[at - 1]]
    if (last === lf && (before === lf || (before === cr && bytes[at - 2] === lf))) return at + 1
    if (last === cr && before === cr) return at + 1
  }
  return 0
}

const empty = new Uint8Array(0)

function current(turn: Turn): Following | undefined {
  const state = turn.side('response')
  return state.at === 'following' ? state : undefined
}

function ask(turn: Turn, state: Following, busy: NonNullable<Following['busy']>, waiting: Collected): void {
  turn.become('response', { ...state, busy, waiting })
  turn.do({ kind: 'stopTimer', side: 'response' })
  turn.do({ kind: 'more', ...busy })
}

/** Gives the inspection the next piece, where there is one and it has none. */
export function followOn(turn: Turn) {
  const state = current(turn)
  if (state === undefined) return
  const { waiting, bodyEnd, trailers, events, dirty, busy } = state
  turn.do({ kind: waiting.length > maxWaitingBytes ? 'pause' : 'resume' })
  if (busy !== undefined) return
  const ended = bodyEnd || trailers
  if (waiting.length === 0 && !ended) {
    if (dirty) turn.do({ kind: 'timer', side: 'response', ms: turn.context.times.idle })
    return
  }
  const { bytes } = waiting
  const cut = events ? lastEventEnd(bytes) : lastLineEnd(bytes)
  const rest = new Collected()
  if (cut === 0 || cut === bytes.length) return ask(turn, state, { bytes, end: ended, flush: ended || cut > 0 }, rest)
  rest.add(bytes.subarray(cut))
  ask(turn, state, { bytes: bytes.subarray(0, cut), end: false, flush: true }, rest)
}

/** Nothing has come for some time. */
export function flushIdle(turn: Turn): void {
  const state = current(turn)
  if (state === undefined || state.busy !== undefined) return
  ask(turn, state, { bytes: empty, end: false, flush: true }, state.waiting)
}

export function judgedFurther(turn: Turn, verdict: Verdict) {
  const state = current(turn)
  if (state?.busy === undefined) return
  const metadata = turn.add(verdict)
  if (verdict.action === 'deny' || (verdict.action === 'error' && turn.context.enforce)) return cut(turn, metadata)
  const { bytes, end, flush } = state.busy
  const over = end && (state.bodyEnd || state.trailers)
  const out = verdict.masked ?? bytes
  if (out.length > 0 || metadata !== undefined || (over && state.bodyEnd))
    turn.send(bodyPiece('response', out, over && state.bodyEnd, metadata))
  if (over && state.trailers) turn.send(trailersAnswer('response', undefined))
  turn.become('response', over ? { at: 'over' } : { ...state, busy: undefined, dirty: !flush })
  if (over) turn.do({ kind: 'resume' })
  else followOn(turn)
}

/** The log is told, then Envoy resets what the client is getting. */
function cut(turn: Turn, metadata: Metadata | undefined): void {
  if (metadata !== undefined) turn.send(bodyPiece('response', empty, false, metadata))
  turn.fail(status.internal, 'refused by inspection')
}
