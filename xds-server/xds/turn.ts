/** What a stream is to be told next: at most one response, in the order that never leaves Envoy with a dangling name. */
import { type ResourceType, resourceTypes } from '../compile/model.ts'
import type { Blob } from './blobs.ts'
import { isRemovable, isWhole } from './resource-types.ts'
import { isInterested, type Subscription, toldAbsent, type View } from './subscription.ts'

export type Protocol = 'delta' | 'sotw'
export type Subscriptions = Readonly<Record<ResourceType, Subscription | undefined>>
export type Views = (type: ResourceType) => View

/** A response without its nonce: streams with the same content share one encoding. */
export type Content = {
  readonly type: ResourceType
  readonly resources: readonly Blob[]
  readonly removed: readonly string[]
}

/** An answer that takes longer no longer holds up the other types (its own type waits on). */
export const answerPatienceMs = 5_000
/** A delta response is cut here and goes on after its ACK; one resource may be larger. */
const maxResponseBytes = 4 * 1024 * 1024

/** The dirty names by what is to be done about them. */
type Findings = {
  readonly send: Blob[]
  /** Asked for and absent: said at once. */
  readonly tell: string[]
  /** Gone from the class: said last, when nothing refers to it any more. */
  readonly leave: string[]
  /** Nothing to say. */
  readonly idle: string[]
  /** Not to be spoken of yet. */
  readonly wait: string[]
}

function examine(sub: Subscription, type: ResourceType, view: View): Findings {
  const found: Findings = { send: [], tell: [], leave: [], idle: [], wait: [] }
  for (const [name, why] of sub.dirty) {
    const sight = view.see(name)
    const held = sub.held.get(name)
    if (sight.kind === 'wait') found.wait.push(name)
    else if (sight.kind === 'present') {
      const isNews = held !== sight.blob.version && sub.refused.get(name)?.version !== sight.blob.version
      if (why === 'asked' || isNews) found.send.push(sight.blob)
      else found.idle.push(name)
    } else if (sight.kind === 'refused' || !isRemovable(type)) found.idle.push(name)
    else if (why === 'asked') found.tell.push(name)
    else if (held !== undefined && held !== toldAbsent) found.leave.push(name)
    else found.idle.push(name)
  }
  return found
}

function upTo(bytes: number, blobs: readonly Blob[]): readonly Blob[] {
  let total = 0
  const fits = blobs.filter((blob) => {
    total += blob.value.length
    return total <= bytes
  })
  return fits.length > 0 ? fits : blobs.slice(0, 1)
}

/**
 * A wildcard client takes the first answer for the whole: Envoy goes ready after it. So it comes in one piece, when
 * nothing has to wait any more, and it comes even where it is empty.
 */
const isFirstAnswer = (sub: Subscription, view: View) => sub.lastNonce === '' && sub.wildcard && view.known

/**
 * What goes into one response. An extension no Envoy has taken goes alone, so that a NACK has a name: asking again one
 * by one would not find it, as Envoy skips an extension that equals the last one it tried, and so "accepts" it.
 */
function batchOf(sub: Subscription, type: ResourceType, send: readonly Blob[]): readonly Blob[] {
  const suspect = send.find((blob) => sub.alone.has(blob.name))
  if (suspect) return [suspect]
  const proven = type === 'extension' ? send.filter((blob) => blob.verdict.kind === 'accepted') : send
  return proven.length > 0 ? upTo(maxResponseBytes, proven) : send.slice(0, 1)
}

function deltaContent(sub: Subscription, type: ResourceType, view: View, pass: Pass): Content | undefined {
  const { send, tell, leave, wait } = examine(sub, type, view)
  if (pass === 'removals') return leave.length > 0 ? { type, resources: [], removed: leave } : undefined
  const isFirst = isFirstAnswer(sub, view)
  if (isFirst && wait.length > 0) return undefined
  if (send.length === 0 && tell.length === 0 && !isFirst) return undefined
  return { type, resources: batchOf(sub, type, send), removed: tell }
}

/** Everything the client may have, and the refused ones too: leaving a name out would delete the good one it holds. */
function wholeState(sub: Subscription, view: View): readonly Blob[] | undefined {
  const blobs: Blob[] = []
  for (const name of new Set([...sub.names, ...(sub.wildcard ? view.names() : [])])) {
    const sight = view.see(name)
    if (sight.kind === 'wait') return undefined
    if (sight.kind !== 'absent') blobs.push(sight.blob)
  }
  return blobs
}

function sotwContent(sub: Subscription, type: ResourceType, view: View, pass: Pass): Content | undefined {
  const { send, tell, leave } = examine(sub, type, view)
  const isDue = pass === 'removals' ? leave.length : send.length + tell.length > 0 || isFirstAnswer(sub, view)
  if (!isDue) return undefined
  const resources = isWhole(type) ? wholeState(sub, view) : batchOf(sub, type, send)
  return resources && { type, resources, removed: [] }
}

type Pass = 'additions' | 'removals'
const contentOf: Record<Protocol, typeof deltaContent> = { delta: deltaContent, sotw: sotwContent }

/** In the order they must reach Envoy: what is referred to before what refers to it, and removals the other way round. */
const passes: readonly (readonly [Pass, ResourceType])[] = [
  ...resourceTypes.map((type) => ['additions', type] as const),
  ...resourceTypes.toReversed().map((type) => ['removals', type] as const),
]

/** The next response, or nothing while one is waited for (or nothing is to be said). */
export function nextContent(
  protocol: Protocol,
  subscriptions: Subscriptions,
  views: Views,
  now: number,
): Content | undefined {
  for (const [pass, type] of passes) {
    const sub = subscriptions[type]
    if (!sub) continue
    if (sub.inFlight) {
      if (now - sub.inFlight.sentAt < answerPatienceMs) return undefined
      continue
    }
    const view = views(type)
    if (sub.dirty.size === 0 && !isFirstAnswer(sub, view)) continue
    const content = contentOf[protocol](sub, type, view, pass)
    if (content) return content
  }
  return undefined
}

/** Drops the marks about which nothing is to be said. */
export function withoutIdleMarks(sub: Subscription, type: ResourceType, view: View): Subscription {
  if (sub.dirty.size === 0) return sub
  const idle = new Set(examine(sub, type, view).idle)
  const dirty = new Map([...sub.dirty].filter(([name]) => !idle.has(name) && isInterested(sub, name)))
  return { ...sub, dirty }
}
