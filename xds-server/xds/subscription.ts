/**
 * One resource type on one stream: what the client wants, what it holds, what it is still to be told. Immutable; every
 * transition is a pure function that returns the next state. Both protocols share it.
 */
import type { Blob } from './blobs.ts'

/** How a stream is to see a resource name. */
export type Sight =
  | { readonly kind: 'present'; readonly blob: Blob }
  /** It exists, but no Envoy has taken it yet (or the stream's class is not known yet): say nothing. */
  | { readonly kind: 'wait' }
  /** It exists, an Envoy refused it, and nothing good came before it: say nothing. */
  | { readonly kind: 'refused'; readonly blob: Blob }
  | { readonly kind: 'absent' }

/** What a stream may see of one type: its own class's resources, whatever it asks for. */
export type View = {
  /** False until the class is known: then every name is `wait`. */
  readonly known: boolean
  see(name: string): Sight
  /** Every name that is not absent. */
  names(): Iterable<string>
}

/** `asked` is answered even where nothing changed. */
export type Why = 'changed' | 'asked'

export type InFlight = {
  readonly nonce: string
  /** Name → version, as sent. */
  readonly versions: ReadonlyMap<string, string>
  readonly removed: readonly string[]
  /** Epoch milliseconds. */
  readonly sentAt: number
}

/** A version the client refused, and why in Envoy's words. */
export type Refused = { readonly version: string; readonly message: string }

export type Subscription = {
  readonly wildcard: boolean
  /** A name was given at some time: an empty list means nothing then, not everything (state of the world). */
  readonly named: boolean
  readonly names: ReadonlySet<string>
  /** What the client has: name → version, `toldAbsent`, or `unknownVersion`. */
  readonly held: ReadonlyMap<string, string>
  /** Names to look at when the next response is made. */
  readonly dirty: ReadonlyMap<string, Why>
  /** Versions this client refused: not sent again until the content changes. */
  readonly refused: ReadonlyMap<string, Refused>
  /** After a NACK of several: sent one by one, so that the next NACK has a name. */
  readonly alone: ReadonlySet<string>
  /** The one response that is not answered yet. */
  readonly inFlight: InFlight | undefined
  /** Nonce of the newest response; state of the world ignores requests that carry an older one. */
  readonly lastNonce: string
}

/** The client was told that the name does not exist. */
export const toldAbsent = ''
/** The client has it in some version from before; no hash looks like this. */
export const unknownVersion = '?'

export const newSubscription: Subscription = {
  wildcard: false,
  named: false,
  names: new Set(),
  held: new Map(),
  dirty: new Map(),
  refused: new Map(),
  alone: new Set(),
  inFlight: undefined,
  lastNonce: '',
}

export const isInterested = (sub: Subscription, name: string): boolean => sub.wildcard || sub.names.has(name)

/** Marks names the client is interested in; the very same state where there are none. */
export function mark(sub: Subscription, names: Iterable<string>, why: Why): Subscription {
  const dirty = new Map(sub.dirty)
  let found = false
  for (const name of names) {
    if (!isInterested(sub, name)) continue
    found = true
    if (why === 'asked' || !dirty.has(name)) dirty.set(name, why)
  }
  return found ? { ...sub, dirty } : sub
}

/** The stream sees another class: everything it wants, holds or is about to hold is to be looked at. */
export function markAll(sub: Subscription, view: View): Subscription {
  const coming = sub.inFlight?.versions.keys() ?? []
  return mark(sub, [...sub.names, ...sub.held.keys(), ...coming, ...(sub.wildcard ? view.names() : [])], 'changed')
}

/** Forgets everything about names the client is no longer interested in. */
export function forget(sub: Subscription): Subscription {
  const keep = <V>(map: ReadonlyMap<string, V>) => new Map([...map].filter(([name]) => isInterested(sub, name)))
  return {
    ...sub,
    held: keep(sub.held),
    dirty: keep(sub.dirty),
    refused: keep(sub.refused),
    alone: new Set([...sub.alone].filter((name) => isInterested(sub, name))),
  }
}

/** A response left: what it carries is no longer to be told. `whole`: it says everything there is to say. */
export function sent(sub: Subscription, response: InFlight, whole: boolean): Subscription {
  const dirty = new Map(whole ? [] : sub.dirty)
  for (const name of [...response.versions.keys(), ...response.removed]) dirty.delete(name)
  return { ...sub, dirty, inFlight: response, lastNonce: response.nonce }
}

const without = <T>(set: ReadonlySet<T>, gone: { has(item: T): boolean }): ReadonlySet<T> =>
  set.size === 0 ? set : new Set([...set].filter((item) => !gone.has(item)))

/**
 * The client took the response in flight. `whole`: it replaces what the client had. This is the step that a push to
 * thousands takes thousands of times, so nothing is copied that need not be.
 */
export function accepted(sub: Subscription, response: InFlight, whole: boolean): Subscription {
  const held = new Map(whole ? [] : sub.held)
  for (const [name, version] of response.versions) if (isInterested(sub, name)) held.set(name, version)
  for (const name of response.removed) if (isInterested(sub, name)) held.set(name, toldAbsent)
  const isTaken = (name: string) => response.versions.has(name)
  const refused = sub.refused.size === 0 ? sub.refused : new Map([...sub.refused].filter(([name]) => !isTaken(name)))
  return { ...sub, held, refused, alone: without(sub.alone, response.versions), inFlight: undefined }
}

/**
 * The client refused some versions, for which it keeps what it had, and took the others. Removals are never refused
 * (Envoy has no way to).
 */
export function refused(
  sub: Subscription,
  response: InFlight,
  guilty: ReadonlyMap<string, Refused>,
  taken: ReadonlyMap<string, string>,
): Subscription {
  const held = new Map([...sub.held, ...taken])
  for (const name of response.removed) held.set(name, toldAbsent)
  const alone = without(sub.alone, guilty)
  return forget({ ...sub, held, alone, refused: new Map([...sub.refused, ...guilty]), inFlight: undefined })
}

/** The client refused a response of several resources: which one is found by sending them one by one. */
export function split(sub: Subscription, response: InFlight): Subscription {
  const names = [...response.versions.keys()]
  const next = { ...refused(sub, response, new Map(), new Map()), alone: new Set(names) }
  return forget(mark(next, names, 'asked'))
}

/**
 * The client may have lost its hold of what it had: send it again. After a refused extension Envoy serves the last good
 * one, but remembers the refused one as the newest and gives it to listeners that come later (config_discovery_impl.cc).
 */
export function restore(sub: Subscription, names: readonly string[]): Subscription {
  const held = new Map(sub.held)
  for (const name of names) if (held.has(name)) held.set(name, unknownVersion)
  return mark({ ...sub, held }, names, 'changed')
}
