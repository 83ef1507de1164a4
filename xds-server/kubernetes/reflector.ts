/**
 * Objects of one kind as the cluster has them, projected: a copy that follows the API server.
 *
 * Promises: it is never half a list (a new list replaces the old one as a whole); it says when it is synced for the first
 * time and keeps what it had while the connection is lost; an object is read, projected and dropped one at a time.
 * Never throws for what a server does; an object that can not be read is reported and left out.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Problem } from '../policy/model.ts'
import type { KubernetesClient } from './client.ts'
import { AnswerTooLarge } from './lines.ts'
import { identity, keyOf, type Resource } from './resource.ts'
import { readWatch, refusal } from './watch.ts'
import { initial, type Listing, type Outcome, step, type Watching, type WatchState } from './watch-state.ts'

export type ReflectorReport =
  | { readonly kind: 'listed'; readonly resource: string; readonly objects: number }
  /** It comes back by itself; `retryInMs` is when it tries. */
  | { readonly kind: 'interrupted'; readonly resource: string; readonly cause: string; readonly retryInMs: number }
  | {
      readonly kind: 'unreadable'
      readonly resource: string
      readonly object: string
      readonly problems: readonly Problem[]
    }

export type Reflector<T> = {
  /** By `namespace/name`. */
  readonly items: ReadonlyMap<string, T>
  /** It had the whole list once. */
  readonly synced: boolean
}

export type ReflectorOptions = {
  readonly client: KubernetesClient
  readonly signal: AbortSignal
  /** What is held differs from before. Also once when it is synced, whatever there is. */
  readonly onChange: () => void
  readonly onReport: (report: ReflectorReport) => void
  /** A watch that says nothing for so long is opened again. */
  readonly silenceMs?: number
}

/** The server sends bookmarks about once a minute: two of them missed. */
const defaultSilenceMs = 130_000

const listOf = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(z.unknown()).nullable(),
})

/** Follows until the signal ends it. */
export function reflect<T>(resource: Resource<T>, options: ReflectorOptions): Reflector<T> {
  const { client, signal, onReport } = options
  let items = new Map<string, T>()
  let collected = new Map<string, T>()
  let synced = false

  function read(object: unknown): { readonly key: string; readonly version: string; readonly value?: T } {
    const { name, namespace, resourceVersion: version } = identity.parse(object).metadata
    const key = keyOf(namespace, name)
    const parsed = resource.read(object)
    if (parsed.ok) return { key, version, value: parsed.value }
    onReport({ kind: 'unreadable', resource: resource.name, object: key, problems: parsed.problems })
    return { key, version }
  }

  /** The one that is held already where they are equal: who holds it sees that nothing changed. */
  function kept(key: string, value: T): T {
    const held = items.get(key)
    return held !== undefined && isDeepStrictEqual(held, value) ? held : value
  }

  async function list({ from, limit }: Listing): Promise<Outcome> {
    if (from === undefined) collected = new Map()
    const answer = await client.ask({ ...asked(resource, listQuery(limit, from)), signal })
    if (answer.status !== 200) return refusal(answer, answer.text)
    const page = listOf.parse(JSON.parse(answer.text))
    for (const object of page.items ?? []) {
      const { key, value } = read(object)
      if (value !== undefined) collected.set(key, kept(key, value))
    }
    const { resourceVersion: version, continue: next } = page.metadata
    if (next) return { kind: 'page', next, version }
    replace(collected)
    return { kind: 'page', version }
  }

  function replace(list: Map<string, T>): void {
    const differs = !synced || list.size !== items.size || [...list].some(([key, value]) => items.get(key) !== value)
    items = list
    collected = new Map()
    synced = true
    onReport({ kind: 'listed', resource: resource.name, objects: list.size })
    if (differs) options.onChange()
  }

  /** One change; answers the version it makes known. */
  function change(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: unknown): string {
    const { key, version, value } = read(object)
    const was = items.get(key)
    const is = type === 'DELETED' || value === undefined ? undefined : kept(key, value)
    if (is === undefined) items.delete(key)
    else items.set(key, is)
    if (is !== was) options.onChange()
    return version
  }

  async function watch({ version }: Watching): Promise<Outcome> {
    const request = asked(resource, watchQuery(version))
    return readWatch({ client, request, version, signal, silenceMs: options.silenceMs ?? defaultSilenceMs, change })
  }

  async function act(state: WatchState): Promise<Outcome> {
    if (state.kind === 'watching') return watch(state)
    if (state.kind === 'listing') return list(state).catch(failure)
    await pause(state.delayMs, undefined, { signal }).catch(() => {})
    return { kind: 'waited' }
  }

  async function follow(): Promise<void> {
    let state = initial
    while (!signal.aborted) {
      const outcome = await act(state)
      state = step(state, outcome, Math.random())
      if (state.kind === 'waiting' && !signal.aborted)
        onReport({ kind: 'interrupted', resource: resource.name, cause: causeOf(outcome), retryInMs: state.delayMs })
    }
  }

  void follow()
  return {
    get items() {
      return items
    },
    get synced() {
      return synced
    },
  }
}

const causeOf = (outcome: Outcome): string => ('cause' in outcome ? outcome.cause : outcome.kind)

const failure = (error: unknown): Outcome =>
  error instanceof AnswerTooLarge ? { kind: 'tooLarge' } : { kind: 'failed', cause: (error as Error).message }

function asked({ path, selector, metadataOnly }: Resource<unknown>, query: { readonly [name: string]: string }) {
  const as = 'watch' in query ? 'PartialObjectMetadata' : 'PartialObjectMetadataList'
  const accept = metadataOnly ? `application/json;as=${as};g=meta.k8s.io;v=v1` : 'application/json'
  return { path: `${path}?${new URLSearchParams({ ...query, ...(selector && { labelSelector: selector }) })}`, accept }
}

const listQuery = (limit: number, from: string | undefined) => ({
  limit: String(limit),
  ...(from !== undefined && { continue: from }),
})

/** Minutes until the server ends the watch: each replica's ends at another time. */
const watchQuery = (version: string) => ({
  watch: '1',
  allowWatchBookmarks: 'true',
  resourceVersion: version,
  timeoutSeconds: String(300 + Math.floor(Math.random() * 300)),
})
