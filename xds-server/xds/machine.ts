/**
 * A stream's conversation as one pure step function: (state, message) → (state, effects). Knows no sockets, no clock,
 * no class: it sees resources through `Views`. The rules are xds_protocol.rst's and what Envoy is known to do.
 */
import { type ResourceType, resourceTypes } from '../compile/model.ts'
import type { DeltaRequest, DiscoveryError, SotwRequest } from '../envoy/discovery.ts'
import { subscriptionAfterDelta } from './delta.ts'
import { isWhole, typeOfUrl } from './resource-types.ts'
import { isStale, subscriptionAfterSotw } from './sotw.ts'
import type { InFlight, Subscription } from './subscription.ts'
import * as subscription from './subscription.ts'
import { type Content, nextContent, type Protocol, type Subscriptions, type Views, withoutIdleMarks } from './turn.ts'

export type StreamState = { readonly protocol: Protocol; readonly subscriptions: Subscriptions }

export type StreamMessage =
  | { readonly kind: 'delta'; readonly request: DeltaRequest }
  | { readonly kind: 'sotw'; readonly request: SotwRequest }
  /** What the views show for these names may be different now. */
  | { readonly kind: 'changed'; readonly type: ResourceType; readonly names: Iterable<string> }
  /** The views show another class now. */
  | { readonly kind: 'moved' }
  /** The stream may write: is there anything to say? */
  | { readonly kind: 'turn'; readonly now: number }
  /** It was said, under this nonce. */
  | { readonly kind: 'sent'; readonly content: Content; readonly nonce: string; readonly now: number }

export type Effect =
  | { readonly kind: 'respond'; readonly content: Content }
  /** The client took these versions, sent at that time. */
  | { readonly kind: 'accepted'; readonly type: ResourceType; readonly versions: Versions; readonly sentAt: number }
  /** The client refused these versions; it keeps what it had. */
  | { readonly kind: 'refused'; readonly type: ResourceType; readonly versions: Versions; readonly message: string }
  /** The client brought these from an earlier stream, so it took them then. */
  | { readonly kind: 'holds'; readonly type: ResourceType; readonly versions: Versions }
  /** The client wants names it did not want before. */
  | { readonly kind: 'wants'; readonly type: ResourceType }
  /** It broke the protocol: end the stream with INVALID_ARGUMENT. */
  | { readonly kind: 'invalid'; readonly message: string }

/** A class has tens to hundreds; a client that asks for more than this is broken, and would cost memory without end. */
export const maxNames = 10_000

type Versions = ReadonlyMap<string, string>
export type Step = { readonly state: StreamState; readonly effects: readonly Effect[] }

export const newStream = (protocol: Protocol): StreamState => ({
  protocol,
  subscriptions: { cluster: undefined, extension: undefined, listener: undefined },
})

const put = (state: StreamState, type: ResourceType, sub: Subscription): StreamState => ({
  ...state,
  subscriptions: { ...state.subscriptions, [type]: sub },
})

type Answered = { readonly sub: Subscription; readonly effects: readonly Effect[] }

const because = (versions: Versions, message: string) =>
  new Map([...versions].map(([name, version]) => [name, { version, message }]))

type Blame = { readonly guilty: Versions; readonly taken: Versions }

/**
 * Of a whole-state response Envoy takes what it can and names the rest: `Error adding/updating listener(s) in|80: …`.
 * Where it names nothing of ours, all that it did not hold already is guilty: the last good stays for too many.
 */
function blame(sub: Subscription, response: InFlight, message: string): Blame {
  const news = [...response.versions].filter(([name, version]) => sub.held.get(name) !== version)
  const words = ` ${message.replaceAll('\n', ' ')}`
  const named = news.filter(([name]) => words.includes(` ${name}: `))
  const guilty = new Map(named.length > 0 ? named : news)
  return { guilty, taken: new Map([...response.versions].filter(([name]) => !guilty.has(name))) }
}

function onNackOfWhole(type: ResourceType, sub: Subscription, response: InFlight, message: string): Answered {
  const { guilty, taken } = blame(sub, response, message)
  const effects: Effect[] = [
    { kind: 'accepted', type, versions: taken, sentAt: response.sentAt },
    { kind: 'refused', type, versions: guilty, message },
  ]
  return { sub: subscription.refused(sub, response, because(guilty, message), taken), effects }
}

/**
 * Of several extensions none can be found guilty (see `batchOf`): all were taken by others before, so they are sent
 * again one by one, for those that Envoy did not get to. Of several listeners or clusters the guilty one is found so.
 */
function onNackOfSeveral(type: ResourceType, sub: Subscription, response: InFlight, message: string): Answered {
  const effect: Effect = { kind: 'refused', type, versions: response.versions, message }
  return { sub: subscription.split(sub, response), effects: type === 'extension' ? [effect] : [] }
}

function onNackOfOne(type: ResourceType, sub: Subscription, response: InFlight, message: string): Answered {
  const { versions } = response
  const effect: Effect = { kind: 'refused', type, versions, message }
  const next = subscription.refused(sub, response, because(versions, message), new Map())
  return { sub: type === 'extension' ? subscription.restore(next, [...versions.keys()]) : next, effects: [effect] }
}

function answer(
  protocol: Protocol,
  type: ResourceType,
  sub: Subscription,
  error: DiscoveryError | undefined,
): Answered {
  const response = sub.inFlight
  if (!response) return { sub, effects: [] }
  const isWholeState = protocol === 'sotw' && isWhole(type)
  const { versions, sentAt } = response
  if (!error) {
    const effect: Effect = { kind: 'accepted', type, versions, sentAt }
    return { sub: subscription.accepted(sub, response, isWholeState), effects: [effect] }
  }
  if (isWholeState) return onNackOfWhole(type, sub, response, error.message)
  return (versions.size > 1 ? onNackOfSeveral : onNackOfOne)(type, sub, response, error.message)
}

/** An ACK or NACK is paired by nonce only; anything else answers nothing. */
const answers = (sub: Subscription | undefined, nonce: string): sub is Subscription =>
  nonce !== '' && sub?.inFlight?.nonce === nonce

/** A type Postern does not serve gets no answer: Envoy then goes by that type's own timeout. */
function onRequest(state: StreamState, request: DeltaRequest | SotwRequest, views: Views): Step {
  if (request.typeUrl === '') return { state, effects: [{ kind: 'invalid', message: 'type_url is empty' }] }
  const type = typeOfUrl(request.typeUrl)
  if (type === undefined) return { state, effects: [] }
  const before = state.subscriptions[type]
  const { sub, effects } = answers(before, request.nonce)
    ? answer(state.protocol, type, before, request.error)
    : { sub: before, effects: [] }
  return subscribe(state, type, sub, request, effects, views)
}

function subscribe(
  state: StreamState,
  type: ResourceType,
  sub: Subscription | undefined,
  request: DeltaRequest | SotwRequest,
  effects: readonly Effect[],
  views: Views,
): Step {
  const next =
    'subscribe' in request
      ? subscriptionAfterDelta(sub, request, type, views(type))
      : subscriptionAfterSotw(sub, request, type, views(type))
  const brought: Effect[] =
    sub === undefined && 'subscribe' in request && request.initialVersions.size > 0
      ? [{ kind: 'holds', type, versions: request.initialVersions }]
      : []
  if (next.names.size > maxNames) {
    const message = `more than ${maxNames} names of one type`
    return { state, effects: [...effects, { kind: 'invalid', message }] }
  }
  const wants: Effect[] = next.wildcard !== sub?.wildcard || next.names !== sub?.names ? [{ kind: 'wants', type }] : []
  return { state: put(state, type, next), effects: [...effects, ...brought, ...wants] }
}

function onTurn(state: StreamState, views: Views, now: number): Step {
  const content = nextContent(state.protocol, state.subscriptions, views, now)
  if (content) return { state, effects: [{ kind: 'respond', content }] }
  const pruned = resourceTypes.reduce((acc, type) => {
    const sub = acc.subscriptions[type]
    return sub && !sub.inFlight && sub.dirty.size > 0 ? put(acc, type, withoutIdleMarks(sub, type, views(type))) : acc
  }, state)
  return { state: pruned, effects: [] }
}

function onSent(state: StreamState, content: Content, nonce: string, now: number): Step {
  const sub = state.subscriptions[content.type]
  if (!sub) return { state, effects: [] }
  const versions = new Map(content.resources.map((blob) => [blob.name, blob.version]))
  const isWholeState = state.protocol === 'sotw' && isWhole(content.type)
  const next = subscription.sent(sub, { nonce, versions, removed: content.removed, sentAt: now }, isWholeState)
  return { state: put(state, content.type, next), effects: [] }
}

function onChanged(state: StreamState, type: ResourceType, names: Iterable<string>): Step {
  const sub = state.subscriptions[type]
  const next = sub && subscription.mark(sub, names, 'changed')
  return { state: next && next !== sub ? put(state, type, next) : state, effects: [] }
}

function onMoved(state: StreamState, views: Views): Step {
  const moved = resourceTypes.reduce((acc, type) => {
    const sub = acc.subscriptions[type]
    return sub ? put(acc, type, subscription.markAll(sub, views(type))) : acc
  }, state)
  return { state: moved, effects: [] }
}

/** The whole conversation. Total: no message is impossible in any state. */
export function step(state: StreamState, message: StreamMessage, views: Views): Step {
  switch (message.kind) {
    case 'delta':
      return onRequest(state, message.request, views)
    case 'sotw': {
      const type = typeOfUrl(message.request.typeUrl)
      const isOld = type !== undefined && isStale(state.subscriptions[type], message.request)
      return isOld ? { state, effects: [] } : onRequest(state, message.request, views)
    }
    case 'changed':
      return onChanged(state, message.type, message.names)
    case 'moved':
      return onMoved(state, views)
    case 'turn':
      return onTurn(state, views, message.now)
    case 'sent':
      return onSent(state, message.content, message.nonce, message.now)
  }
}
