/**
 * Regular expressions of rules. Promises: a pattern means the same in V8 and in the linear-time engine, subjects are
 * byte strings, and no subject takes long: V8 only sees what is short (`limits.ts`, read here and nowhere else), and only
 * of patterns that can not explode (`backtracking.ts`).
 * Never: look-around, references back, possessive or atomic groups; patterns that need them are refused.
 */
import { RE2JS } from 're2js'
import { maxBacktrackedBytes, maxBacktrackedPositions, maxCaptures, maxGroupedBytes } from '../limits.ts'
import { type Node, repeatsCapture } from './ast.ts'
import { Automaton } from './automaton.ts'
import { mayBacktrack } from './backtracking.ts'
import { emit } from './emit.ts'
import { type Pattern, parsePattern } from './parse.ts'
import { programOf } from './program.ts'
import { type Requirement, requirementOf } from './requirement.ts'

export type Found = { readonly index: number; readonly groups: readonly (string | undefined)[] }

export type Regex = {
  readonly source: string
  readonly tree: Node
  /** What a subject must have to match. */
  readonly requirement: Requirement
  test(subject: string): boolean
  /**
   * The match and its groups, the first ten; a group that took no part is undefined. In subjects longer than
   * `maxGroupedBytes` they are looked for around the place where the match that ends first ends.
   */
  exec(subject: string): readonly (string | undefined)[] | undefined
  /** The first match that begins at `from` or later. What stands before is seen by `^` and `\b`. */
  find(subject: string, from: number): Found | undefined
  /** Engines compile what they otherwise compile when first used (5-40 ms, and up to 1 MB, a pattern). */
  warm(): void
}

/**
 * Dot takes every byte, `^` and `$` are the ends of the subject, letters are ASCII. Throws a RegexError: whatever is too big
 * for an engine is refused here, though engines compile a pattern when they first need it (most never do).
 */
export function compileRegex(source: string, flags: { readonly ignoreCase?: boolean } = {}): Regex {
  const pattern = parsePattern(source, { ignoreCase: flags.ignoreCase ?? false, multiline: false, dotAll: true })
  const { tree } = pattern
  const short = once(() => backtracking(new RegExp(emit(tree, 'v8'), 'g')))
  const long = once(() => linear(RE2JS.compile(emit(tree, 're2'))))
  const mostBytes = once(() => (isForV8(pattern) ? maxBacktrackedBytes : -1))
  const finder = (subject: string): Engine => (subject.length <= mostBytes() ? short() : long())
  const automaton = once(() => new Automaton(programOf([tree])))
  return {
    source,
    tree,
    requirement: requirementOf(tree),
    test: (subject) => automaton().end(subject) !== -1,
    exec(subject) {
      const end = automaton().end(subject)
      if (end === -1) return undefined
      if (subject.length <= maxGroupedBytes) return finder(subject).find(subject, 0)?.groups
      return long().find(around(subject, end), 0)?.groups ?? [subject.slice(0, end).slice(-shownBytes)]
    },
    find: (subject, from) => finder(subject).find(subject, from),
    warm() {
      for (const engine of [finder(''), long()]) engine.find('', 0)
      automaton().end('')
    },
  }
}

const isForV8 = ({ tree, positions }: Pattern): boolean =>
  positions <= maxBacktrackedPositions && !repeatsCapture(tree) && mayBacktrack(tree)

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** Three quarters of what is looked at stand before the end of the match. */
const around = (subject: string, end: number): string =>
  subject.slice(Math.max(0, end - (3 * maxGroupedBytes) / 4), end + maxGroupedBytes / 4)

/** What is told of a match that does not fit in there. */
const shownBytes = 100

type Engine = Pick<Regex, 'test' | 'find'>

const backtracking = (regex: RegExp): Engine => ({
  test(subject) {
    regex.lastIndex = 0
    return regex.test(subject)
  },
  find(subject, from) {
    regex.lastIndex = from
    const found = regex.exec(subject)
    return found ? { index: found.index, groups: found.slice(0, maxCaptures) } : undefined
  },
})

const linear = (regex: RE2JS): Engine => ({
  test: (subject) => regex.test(subject),
  find(subject, from) {
    // The automaton that only says yes or no is many times faster than the one that finds groups.
    if (from === 0 && !regex.test(subject)) return undefined
    const matcher = regex.matcher(subject)
    if (from > subject.length || !matcher.find(from)) return undefined
    const count = Math.min(matcher.groupCount() + 1, maxCaptures)
    return { index: matcher.start(), groups: Array.from({ length: count }, (_, at) => matcher.group(at) ?? undefined) }
  },
})
