/**
 * The long conversation with the API server about one kind of object, as states and one step function: list by pages,
 * watch from there on, and after trouble go on from the last version known, or list again where that is not possible.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 *
 * Promises: nothing but its inputs decides; no two failures in a row are followed by an immediate try; a server that
 * names a time is not asked before it.
 */

/** 500 pods are about 3 MB of JSON, parsed in about 20 ms: what the process can stand still for. */
export const pageSize = 500
/** The first wait after a failure, doubled by each that follows. */
const firstBackoffMs = 200
/** No wait is longer (unless the server asks for it): the map must not lag behind a cluster that is well again. */
const maxBackoffMs = 30_000
/** A server that asks for more is asked after this all the same. */
const maxRetryAfterMs = 120_000

/** `from`: the server's token for the next page; undefined is the first. */
export type Listing = {
  readonly kind: 'listing'
  readonly from?: string
  readonly limit: number
  readonly failures: number
}
export type Watching = { readonly kind: 'watching'; readonly version: string; readonly failures: number }
export type Waiting = { readonly kind: 'waiting'; readonly delayMs: number; readonly next: Listing | Watching }
export type WatchState = Listing | Watching | Waiting

/** What became of the state's one action. `version`: the last one heard of (the list's, an event's, a bookmark's). */
export type Outcome =
  | { readonly kind: 'waited' }
  | { readonly kind: 'page'; readonly next?: string; readonly version: string }
  | { readonly kind: 'tooLarge' }
  /** The server ended the watch in good order. */
  | { readonly kind: 'ended'; readonly version: string; readonly heard: boolean }
  /** What is held can not be continued (410, or a watch that made no sense): list again. */
  | { readonly kind: 'expired'; readonly cause: string }
  | { readonly kind: 'refused'; readonly cause: string; readonly retryAfterMs?: number }
  /** No answer, a connection that broke, silence. */
  | { readonly kind: 'failed'; readonly cause: string; readonly version?: string; readonly heard?: boolean }

export const initial: WatchState = { kind: 'listing', limit: pageSize, failures: 0 }

/** `chance`: 0 to 1, so that replicas that failed together do not come back together. */
export function step(state: WatchState, outcome: Outcome, chance: number): WatchState {
  if (state.kind === 'waiting') return state.next
  return state.kind === 'listing' ? afterListing(state, outcome, chance) : afterWatching(state, outcome, chance)
}

function afterListing(state: Listing, outcome: Outcome, chance: number): WatchState {
  const { limit, failures } = state
  switch (outcome.kind) {
    case 'page':
      return outcome.next === undefined
        ? { kind: 'watching', version: outcome.version, failures }
        : { kind: 'listing', from: outcome.next, limit, failures }
    case 'tooLarge':
      return limit > 1 ? { ...state, limit: Math.floor(limit / 2) } : wait(state, chance)
    case 'expired':
      return wait({ kind: 'listing', limit, failures }, chance)
    case 'refused':
      return wait(state, chance, outcome.retryAfterMs)
    case 'failed':
    case 'ended':
    case 'waited':
      return wait(state, chance)
  }
}

function afterWatching(state: Watching, outcome: Outcome, chance: number): WatchState {
  switch (outcome.kind) {
    case 'ended':
      return outcome.heard ? { ...state, version: outcome.version, failures: 0 } : wait(state, chance)
    case 'expired': {
      const again: Listing = { kind: 'listing', limit: pageSize, failures: state.failures }
      return state.failures === 0 ? { ...again, failures: 1 } : wait(again, chance)
    }
    case 'refused':
      return wait(state, chance, outcome.retryAfterMs)
    case 'failed': {
      const failures = outcome.heard ? 0 : state.failures
      return wait({ ...state, version: outcome.version ?? state.version, failures }, chance)
    }
    case 'page':
    case 'tooLarge':
    case 'waited':
      return wait(state, chance)
  }
}

/** Half of the time doubled with each failure, and up to as much again by chance. */
function wait(next: Listing | Watching, chance: number, retryAfterMs = 0): Waiting {
  const backoffMs = Math.min(maxBackoffMs, firstBackoffMs * 2 ** Math.min(next.failures, 16))
  const askedMs = Math.min(retryAfterMs, maxRetryAfterMs) * (1 + chance / 2)
  const delayMs = Math.round(Math.max(askedMs, (backoffMs * (1 + chance)) / 2))
  return { kind: 'waiting', delayMs, next: { ...next, failures: next.failures + 1 } }
}
