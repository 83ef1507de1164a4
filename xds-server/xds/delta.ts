/** A delta request: subscription changes count whatever the nonce says; the nonce only pairs the answer. */
import type { ResourceType } from '../compile/model.ts'
import type { DeltaRequest } from '../envoy/discovery.ts'
import { isWhole } from './resource-types.ts'
import { forget, mark, newSubscription, type Subscription, unknownVersion, type View } from './subscription.ts'

/** `*` or, in the first request of a wildcard type, no name at all (legacy). */
function wantsWildcard(request: DeltaRequest, type: ResourceType, isFirst: boolean): boolean {
  const nameless = request.subscribe.length === 0 && request.unsubscribe.length === 0
  return request.subscribe.includes('*') || (isFirst && nameless && isWhole(type))
}

function subscribe(sub: Subscription, request: DeltaRequest, type: ResourceType, view: View, isFirst: boolean) {
  const names = request.subscribe.filter((name) => name !== '*')
  const wildcard = wantsWildcard(request, type, isFirst)
  const next = { ...sub, wildcard: sub.wildcard || wildcard, names: new Set([...sub.names, ...names]) }
  // a name subscribed to again is answered again; one that was brought with a version is only compared (see remember)
  const brought = isFirst && !isWhole(type) ? request.initialVersions : new Map<string, string>()
  const isUnanswered = (name: string) => !brought.has(name)
  const asked = mark(next, names.filter(isUnanswered), 'asked')
  return wildcard ? mark(asked, view.names(), 'asked') : asked
}

/** What the client brings from an earlier stream. Of whole types only that it has the name: see `isWhole`. */
function remember(sub: Subscription, request: DeltaRequest, type: ResourceType): Subscription {
  const brought = [...request.initialVersions].map(([name, version]) => [
    name,
    isWhole(type) ? unknownVersion : version,
  ])
  const held = new Map(brought as [string, string][])
  return mark(forget({ ...sub, held }), held.keys(), 'changed')
}

function unsubscribe(sub: Subscription, request: DeltaRequest): Subscription {
  const gone = request.unsubscribe.filter((name) => sub.names.has(name))
  const names = new Set([...sub.names].filter((name) => !gone.includes(name)))
  const next = { ...sub, names, wildcard: sub.wildcard && !request.unsubscribe.includes('*') }
  // under a wildcard the client still wants to know what it has now
  return forget(next.wildcard ? mark(next, gone, 'asked') : next)
}

/** The subscription after a request's `subscribe`, `unsubscribe` and `initialVersions`. */
export function subscriptionAfterDelta(
  before: Subscription | undefined,
  request: DeltaRequest,
  type: ResourceType,
  view: View,
): Subscription {
  if (before && request.subscribe.length === 0 && request.unsubscribe.length === 0) return before
  const subscribed = subscribe(before ?? newSubscription, request, type, view, before === undefined)
  const sub = before ? subscribed : remember(subscribed, request, type)
  return request.unsubscribe.length > 0 ? unsubscribe(sub, request) : sub
}
