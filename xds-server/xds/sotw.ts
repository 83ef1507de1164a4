/** A state-of-the-world request: it names all the client wants, and counts only with the newest nonce. */
import type { ResourceType } from '../compile/model.ts'
import type { SotwRequest } from '../envoy/discovery.ts'
import { isWhole } from './resource-types.ts'
import { forget, mark, newSubscription, type Subscription, type View } from './subscription.ts'

/** A request that was under way when a newer response left. The client will answer that one. */
export const isStale = (sub: Subscription | undefined, request: SotwRequest): boolean =>
  sub !== undefined && request.nonce !== sub.lastNonce

/** `*`, or no name in all requests so far (legacy, whole types only). */
function wantsWildcard(sub: Subscription, request: SotwRequest, type: ResourceType): boolean {
  const nameless = request.names.length === 0 && !sub.named
  return request.names.includes('*') || (nameless && isWhole(type))
}

/** The subscription after a request that is not stale. Names that are new are answered even where nothing changed. */
export function subscriptionAfterSotw(
  before: Subscription | undefined,
  request: SotwRequest,
  type: ResourceType,
  view: View,
): Subscription {
  const sub = before ?? newSubscription
  const names = new Set(request.names.filter((name) => name !== '*'))
  const wildcard = wantsWildcard(sub, request, type)
  const next = forget({ ...sub, names, wildcard, named: sub.named || request.names.length > 0 })
  const added = [...names].filter((name) => !sub.names.has(name))
  const asked = mark(next, added, 'asked')
  return wildcard && !sub.wildcard ? mark(asked, view.names(), 'asked') : asked
}
