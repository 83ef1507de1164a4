/** What stands behind a learned rule: when, how often, who, and which requests, as templates. Bounded, mergeable. */
import { pathPatternProblem, withoutParameters } from './http-path.ts'
import type { HttpMatch } from './model.ts'

/** `METHOD template` → how often; requests past the bound are counted under `other`. */
export type RequestCounts = Readonly<Record<string, number>>

/** Times are epoch milliseconds. */
export type Evidence = {
  readonly count: number
  readonly firstSeen: number
  readonly lastSeen: number
  /** Some of the addresses that connected, sorted. */
  readonly peers: readonly string[]
  readonly requests: RequestCounts
}

/** Kinds of requests that one rule's evidence keeps. */
export const maxRequestKinds = 200
/** Past this many distinct values in one place of a path, the place is a parameter. */
export const maxDistinctSegments = 20
/** Where the rest is counted. */
export const otherRequests = 'other'

const parameter = '{param}'
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** Eight or more, with a digit among them: `deadbeef` may be a word, `c0ffee12` is none. */
const hex = /^(?=.*[0-9])[0-9a-f]{8,}$/i
const number = /^[0-9]+$/

const looksLikeValue = (segment: string): boolean => number.test(segment) || uuid.test(segment) || hex.test(segment)

/** Paths that begin alike. `count`: requests that end here. */
type Tree = { count: number; readonly below: Map<string, Tree> }
const leaf = (): Tree => ({ count: 0, below: new Map() })

function grow(tree: Tree, segments: readonly string[], count: number): void {
  let at = tree
  for (const segment of segments) {
    const name = looksLikeValue(segment) ? parameter : segment
    const next = at.below.get(name) ?? leaf()
    at.below.set(name, next)
    at = next
  }
  at.count += count
}

function absorb(into: Tree, from: Tree): void {
  into.count += from.count
  for (const [name, tree] of from.below) {
    const same = into.below.get(name)
    if (same === undefined) into.below.set(name, tree)
    else absorb(same, tree)
  }
}

function collapse(tree: Tree): void {
  if (tree.below.size > maxDistinctSegments) {
    const one = leaf()
    for (const child of tree.below.values()) absorb(one, child)
    tree.below.clear()
    tree.below.set(parameter, one)
  }
  for (const child of tree.below.values()) collapse(child)
}

function* leaves(tree: Tree, path: string): Generator<readonly [string, number]> {
  if (tree.count > 0) yield [path, tree.count]
  for (const [name, child] of tree.below) yield* leaves(child, `${path}/${name}`)
}

/** By method: a place with many values under POST says nothing about GET. */
function treesOf(counts: Iterable<readonly [string, number]>): ReadonlyMap<string, Tree> {
  const trees = new Map<string, Tree>()
  for (const [request, count] of counts) {
    const [method, path] = split(request)
    const tree = trees.get(method) ?? leaf()
    trees.set(method, tree)
    grow(tree, withoutParameters(path).split('/').slice(1), count)
  }
  return trees
}

function split(request: string): readonly [string, string] {
  const space = request.indexOf(' ')
  return [request.slice(0, space), request.slice(space + 1)]
}

const byCount = ([a, x]: readonly [string, number], [b, y]: readonly [string, number]): number =>
  y - x || (a < b ? -1 : a > b ? 1 : 0)

/**
 * Adds requests (`GET /votes/7`; paths normalised, templates or not) to what was counted. Numbers, UUIDs, hex and places
 * with many values become `{param}`; the most frequent kinds are kept. Adding nothing changes nothing.
 */
export function mergeRequests(counts: RequestCounts, more: RequestCounts): RequestCounts {
  const all = [...Object.entries(counts), ...Object.entries(more)]
  const rest = all.filter(([request]) => request === otherRequests)
  const trees = treesOf(all.filter(([request]) => request !== otherRequests))
  const kinds = [...trees].flatMap(([method, tree]) => {
    collapse(tree)
    return [...leaves(tree, '')].map(([path, count]) => [`${method} ${path}`, count] as const)
  })
  const ranked = kinds.sort(byCount)
  const other = [...rest, ...ranked.slice(maxRequestKinds)].reduce((sum, [, count]) => sum + count, 0)
  return Object.fromEntries([
    ...ranked.slice(0, maxRequestKinds),
    ...(other > 0 ? [[otherRequests, other] as const] : []),
  ])
}

/** A client chose these paths: one with a `*` of its own must not become a pattern that fits more. */
const isPlainPath = (path: string): boolean => !path.includes('*') && pathPatternProblem(path) === undefined

/** The `http` part that allows what was seen and nothing else: one alternative for each set of methods. */
export function httpFromRequests(counts: RequestCounts): readonly HttpMatch[] {
  const seen = Object.keys(counts).filter((request) => request !== otherRequests)
  const byPath = Map.groupBy(
    seen.map(split).filter(([, path]) => isPlainPath(path)),
    ([, path]) => path,
  )
  const withMethods = [...byPath].map(([path, uses]) => ({ path, methods: uses.map(([method]) => method).sort() }))
  const byMethods = Map.groupBy(withMethods, ({ methods }) => methods.join(' '))
  return [...byMethods.values()].map((alike) => ({
    methods: alike[0]!.methods,
    paths: alike.map(({ path }) => path).sort(),
    hosts: [],
    headers: [],
    grpc: [],
  }))
}
