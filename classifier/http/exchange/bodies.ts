/** A piece of a body, or the trailers, has come: by what becomes of the side's body. */
import type { Header } from '../../inspection/model.ts'
import type { Body, Side, Trailers } from '../messages/request.ts'
import { bodyAnswer, bodyPiece, trailersAnswer } from '../messages/response.ts'
import { followOn } from './following.ts'
import type { Follow, Head, Owed, SideState } from './model.ts'
import type { Turn } from './turn.ts'

type In<At extends SideState['at']> = Extract<SideState, { at: At }>
type Handlers = {
  readonly [At in SideState['at']]: (turn: Turn, message: Body | Trailers, state: In<At>) => void
}

const handlers: Handlers = {
  waiting: (turn) => turn.outOfOrder(),
  over: (turn) => turn.outOfOrder(),
  judgingHead: (turn) => turn.outOfOrder(), //  Envoy waits for the answer to the headers, and there is no other body
  collecting,
  judging: (turn, message, state) => turn.become(message.side, taken(message, state)),
  passing,
  following: (turn, message, state) => {
    turn.become(message.side, taken(message, state))
    followOn(turn)
  },
  watching,
  watchJudging,
  watched,
}

export function bodyOrTrailers(turn: Turn, message: Body | Trailers): void {
  const state = turn.side(message.side)
  const handle = handlers[state.at] as (turn: Turn, message: Body | Trailers, state: SideState) => void
  handle(turn, message, state)
}

/** With what came while the inspection has what came before. */
function taken<S extends In<'judging'> | In<'following'>>(message: Body | Trailers, state: S): S {
  if (message.kind === 'trailers') return { ...state, trailers: true }
  const into = state.at === 'judging' ? state.body : state.waiting
  into.add(message.bytes)
  return { ...state, bodyEnd: message.end }
}

function collecting(turn: Turn, message: Body | Trailers, { head, body }: In<'collecting'>) {
  if (message.kind === 'trailers') return judgeHeld(turn, withTrailers(head, message.headers), body, 'trailers')
  body.add(message.bytes)
  if (message.end) return judgeHeld(turn, head, body, 'body')
  if (body.length > turn.limit(head)) judgeHeld(turn, head, body, undefined)
}

/** Trailers are headers that come late: nobody may hide there. */
function withTrailers(it: Head, trailers: readonly Header[]): Head {
  const headers = [...it.head.headers, ...trailers]
  return it.side === 'request'
    ? { side: 'request', head: { ...it.head, headers } }
    : { side: 'response', head: { ...it.head, headers } }
}

/** @param last what ended the body; undefined: there is more than is looked at, or it takes too long */
export function judgeHeld(
  turn: Turn,
  head: Head,
  body: In<'collecting'>['body'],
  last: 'body' | 'trailers' | undefined,
  follow: Follow = 'pass',
): void {
  const { side } = head
  const judged = Math.min(body.length, turn.limit(head))
  const end = last !== undefined && judged === body.length
  turn.become(side, { at: 'judging', body, judged, bodyEnd: last === 'body', trailers: last === 'trailers', follow })
  turn.do({ kind: 'stopTimer', side })
  turn.do({ kind: 'pause' })
  turn.judge(head, { bytes: body.bytes.subarray(0, judged), end })
}

function passing(turn: Turn, message: Body | Trailers): void {
  const { side } = message
  const end = message.kind === 'trailers' || message.end
  turn.send(
    message.kind === 'trailers' ? trailersAnswer(side, undefined) : bodyPiece(side, message.bytes, end, undefined),
  )
  if (end) turn.become(side, { at: 'over' })
}

const endOf = (message: Body | Trailers): Owed | undefined =>
  message.kind === 'trailers' ? 'trailers' : message.end ? 'body' : undefined

function watching(turn: Turn, message: Body | Trailers, { head, body }: In<'watching'>): void {
  const limit = turn.limit(head)
  if (message.kind === 'body') body.add(message.bytes.subarray(0, limit + 1 - body.length))
  const owed = endOf(message)
  if (owed === undefined) turn.send(bodyAnswer(message.side, undefined))
  if (owed !== undefined || body.length > limit) judgeWatched(turn, head, body, owed)
}

/** @param owed the end has come, and its answer takes the verdict along; undefined: there is more to come */
export function judgeWatched(turn: Turn, head: Head, body: In<'watching'>['body'], owed: Owed | undefined): void {
  const { side } = head
  const judged = Math.min(body.length, turn.limit(head))
  turn.become(side, { at: 'watchJudging', owed })
  turn.do({ kind: 'stopTimer', side })
  turn.judge(head, { bytes: body.bytes.subarray(0, judged), end: owed !== undefined && judged === body.length })
}

function watchJudging(turn: Turn, message: Body | Trailers): void {
  const owed = endOf(message)
  if (owed === undefined) turn.send(bodyAnswer(message.side, undefined))
  else turn.become(message.side, { at: 'watchJudging', owed })
}

function watched(turn: Turn, message: Body | Trailers, { untold }: In<'watched'>): void {
  const { side } = message
  const metadata = untold ? turn.metadata() : undefined
  turn.send(message.kind === 'trailers' ? trailersAnswer(side, metadata) : bodyAnswer(side, metadata))
  turn.become(side, endOf(message) === undefined ? { at: 'watched', untold: false } : { at: 'over' })
}

export function answer(side: Side, owed: 'body' | 'trailers', metadata: Parameters<typeof bodyAnswer>[1]): Buffer {
  return owed === 'body' ? bodyAnswer(side, metadata) : trailersAnswer(side, metadata)
}
