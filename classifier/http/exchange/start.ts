/** A message's headers have come: who looks at what of it, and who holds it meanwhile. */
import { Collected } from '../collect.ts'
import { isEventStream, requestHead, responseHead } from '../heads.ts'
import type { Headers } from '../messages/request.ts'
import { headersAnswer, unchanged } from '../messages/response.ts'
import { status } from '../transport.ts'
import { judgeWatched } from './bodies.ts'
import type { Head, SideState } from './model.ts'
import type { Turn } from './turn.ts'

export function start(turn: Turn, message: Headers) {
  const { side } = message
  if (turn.side(side).at !== 'waiting') return turn.outOfOrder()
  const mode = turn.context.modes[side]
  if (mode === 'buffered' || mode === 'bufferedPartial')
    return turn.fail(status.failedPrecondition, `body mode ${mode} is not ours`)
  if (side === 'response' && !isLookedAt(turn)) return letGo(turn, message)
  if (side === 'response') settleRequest(turn)
  const head = headOf(message)
  if (head.side === 'request') turn.knowIncident(head.head.incident)
  if (message.end || mode === 'none') return judgeHead(turn, head, false)
  if (mode === 'streamed') return watch(turn, head)
  hold(turn, head)
}

const headOf = (message: Headers): Head =>
  message.side === 'request'
    ? { side: 'request', head: requestHead(message) }
    : { side: 'response', head: responseHead(message) }

/** While we hold the request, a response can only be Envoy's own: the app has seen nothing. */
function isLookedAt(turn: Turn): boolean {
  const { at } = turn.side('request')
  return turn.context.plan.responses && at !== 'collecting' && at !== 'judging'
}

/** A response that comes before its request has ended: the request is judged as far as it is here, for it is judged first. */
function settleRequest(turn: Turn): void {
  const state = turn.side('request')
  if (state.at === 'watching') judgeWatched(turn, state.head, state.body, undefined)
}

function letGo(turn: Turn, { side, end }: Headers): void {
  const mode = turn.context.modes[side]
  turn.send(headersAnswer(side, unchanged, undefined))
  turn.become(
    side,
    end || mode === 'none'
      ? { at: 'over' }
      : mode === 'fullDuplex'
        ? { at: 'passing' }
        : { at: 'watched', untold: false },
  )
}

function judgeHead(turn: Turn, head: Head, follows: boolean): void {
  turn.become(head.side, { at: 'judgingHead', follows })
  turn.judge(head, undefined)
}

function watch(turn: Turn, head: Head) {
  const { side } = head
  if (turn.limit(head) === 0) return judgeHead(turn, head, true)
  turn.send(headersAnswer(side, unchanged, undefined))
  turn.become(side, { at: 'watching', head, body: new Collected() })
  turn.do({ kind: 'timer', side, ms: turn.context.times[side] })
}

function hold(turn: Turn, head: Head) {
  const { side } = head
  const body = new Collected()
  if (head.side === 'response' && isEventStream(head.head)) {
    turn.become(side, judging(body, 'events'))
    return turn.judge(head, { bytes: body.bytes, end: false })
  }
  if (turn.limit(head) === 0) {
    turn.become(side, judging(body, 'pass'))
    return turn.judge(head, undefined)
  }
  turn.become(side, { at: 'collecting', head, body })
  turn.do({ kind: 'timer', side, ms: turn.context.times[side] })
}

const judging = (body: Collected, follow: 'events' | 'pass'): SideState => ({
  at: 'judging',
  body,
  judged: 0,
  bodyEnd: false,
  trailers: false,
  follow,
})
