/** A verdict has come: the message goes on, changed or not, or is refused. */
import type { Verdict } from '../../inspection/model.ts'
import { Collected } from '../collect.ts'
import type { Side } from '../messages/request.ts'
import { headersAnswer, type Metadata, type Mutation, trailersAnswer, unchanged } from '../messages/response.ts'
import { answer } from './bodies.ts'
import { followOn } from './following.ts'
import type { SideState } from './model.ts'
import type { Turn } from './turn.ts'

type Judging = Extract<SideState, { at: 'judging' }>

export function judged(turn: Turn, side: Side, verdict: Verdict) {
  const state = turn.side(side)
  if (state.at === 'watchJudging') return tell(turn, side, state.owed, turn.add(verdict))
  if (state.at !== 'judging' && state.at !== 'judgingHead') return
  if (verdict.action === 'deny' || (verdict.action === 'error' && turn.context.enforce))
    return turn.refuse(side, verdict)
  const metadata = turn.add(verdict)
  if (state.at === 'judging') return release(turn, side, state, verdict, metadata)
  turn.send(headersAnswer(side, unchanged, metadata))
  turn.become(side, state.follows ? { at: 'watched', untold: false } : { at: 'over' })
}

/** What is only watched goes on whatever the verdict is. */
function tell(
  turn: Turn,
  side: Side,
  owed: Extract<SideState, { at: 'watchJudging' }>['owed'],
  metadata: Metadata | undefined,
) {
  if (owed === undefined || owed === 'headers')
    return turn.become(side, { at: 'watched', untold: metadata !== undefined })
  turn.send(answer(side, owed, metadata))
  turn.become(side, { at: 'over' })
}

function release(turn: Turn, side: Side, state: Judging, verdict: Verdict, metadata: Metadata | undefined) {
  const { body, judged: length, bodyEnd, trailers, follow } = state
  const follows = follow !== 'pass' && !(length === body.length && (bodyEnd || trailers))
  turn.send(headersAnswer(side, mutationFor(verdict, state, follows && turn.context.plan.masks), metadata))
  const rest = body.bytes.subarray(length)
  if (follows) return begin(turn, verdict.masked ?? body.bytes.subarray(0, length), rest, state)
  const masked = verdict.masked
  if (masked === undefined) turn.pieces(side, body.bytes, bodyEnd)
  else {
    turn.pieces(side, masked, bodyEnd && rest.length === 0)
    if (rest.length > 0) turn.pieces(side, rest, bodyEnd)
  }
  if (trailers) turn.send(trailersAnswer(side, undefined))
  turn.become(side, { at: bodyEnd || trailers ? 'over' : 'passing' })
  turn.do({ kind: 'resume' })
}

/** A masked body may have another length and another encoding. */
function mutationFor({ masked, decoded }: Verdict, { judged: length }: Judging, mayChange: boolean): Mutation {
  const remove = [
    ...(mayChange || (masked !== undefined && masked.length !== length) ? ['content-length'] : []),
    ...(decoded && masked !== undefined ? ['content-encoding'] : []),
  ]
  return remove.length === 0 ? unchanged : { remove, set: [] }
}

function begin(turn: Turn, released: Uint8Array, rest: Uint8Array, { bodyEnd, trailers, follow }: Judging): void {
  turn.pieces('response', released, false)
  const waiting = new Collected()
  waiting.add(rest)
  const events = follow === 'events'
  turn.become('response', { at: 'following', waiting, busy: undefined, bodyEnd, trailers, events, dirty: !events })
  followOn(turn)
}
