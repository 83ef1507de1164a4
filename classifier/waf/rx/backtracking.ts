/**
 * May a backtracking engine be given this pattern at all? Even 128 bytes are too many for `(a+)+$` (2^128 ways) or for
 * `\s*\s*\s*\s*\s*x` (128^5). Promises: what it lets through has no loop that can read one text in two ways, and no chain
 * of loops longer than `maxBacktrackingDegree`. It may refuse a harmless pattern, which is then only slower.
 */
import { maxAmbiguitySteps, maxBacktrackedBytes, maxBacktrackingDegree } from '../limits.ts'
import type { Node } from './ast.ts'
import { type ByteSet, byte, has, noBytes, rangesOf } from './bytes.ts'
import { LoopGraph } from './loop-graph.ts'

export const mayBacktrack = (tree: Node): boolean => backtrackingDegree(tree) <= maxBacktrackingDegree

/** The exponent of the time in the worst case, in powers of the subject's length; infinite where a loop is ambiguous. */
export function backtrackingDegree(tree: Node): number {
  const isAmbiguous = loopsOf(tree).some((body) => new LoopGraph(body, maxAmbiguitySteps).isAmbiguous())
  return isAmbiguous ? Number.POSITIVE_INFINITY : degreeOf(tree)
}

/** A repetition with more turns than this is as good as endless. */
const fewTurns = 8

/** The bodies of outermost loops. */
function loopsOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'sequence':
      return node.parts.flatMap(loopsOf)
    case 'either':
      return node.options.flatMap(loopsOf)
    case 'capture':
      return loopsOf(node.of)
    case 'repeat':
      return node.max > fewTurns ? [node.of] : loopsOf(node.of)
    default:
      return []
  }
}

/**
 * The exponent of the time, in powers of the subject's length: how many choices an adversary can multiply. Loops multiply
 * when one text can go through all of them, so they share a byte, and so does whatever stands between and can not be empty.
 */
function degreeOf(tree: Node): number {
  const begins = firstOf(tree) === 'start' ? 0 : 1
  const bytes = new Set<ByteSet>()
  collectSets(tree, bytes)
  return begins + Math.max(0, ...representatives(bytes).map((one) => chainOf(tree, one).best))
}

const firstOf = (node: Node): string =>
  node.kind === 'sequence' ? firstOf(node.parts[0]!) : node.kind === 'assertion' ? node.place : node.kind

function collectSets(node: Node, into: Set<ByteSet>): void {
  if (node.kind === 'byte') into.add(node.set)
  else if (node.kind === 'sequence') for (const part of node.parts) collectSets(part, into)
  else if (node.kind === 'either') for (const option of node.options) collectSets(option, into)
  else if (node.kind === 'capture' || node.kind === 'repeat') collectSets(node.of, into)
}

/** One byte of every group of bytes that the pattern does not tell apart: ranges of all sets begin and end between groups. */
function representatives(sets: ReadonlySet<ByteSet>): readonly ByteSet[] {
  const edges = new Set<number>([...sets].flatMap(rangesOf).flatMap(({ from, to }) => [from, to + 1]))
  const used = [...sets].reduce((all, set) => all | set, noBytes)
  const ones = [...edges].filter((edge) => edge < 256 && has(used, edge))
  const keyed = ones.map((value) => [Array.from(sets, (set) => has(set, value)).join(), byte(value)] as const)
  return [...new Map(keyed).values()]
}

/** `best`: the strongest chain inside; `through`: of one from end to end, or undefined if the byte can not pass. */
type Chain = {
  readonly best: number
  readonly left: number
  readonly right: number
  readonly through: number | undefined
}

const still: Chain = { best: 0, left: 0, right: 0, through: 0 }
const choices = (count: number): number => Math.log(count) / Math.log(maxBacktrackedBytes)

function chainOf(node: Node, one: ByteSet): Chain {
  switch (node.kind) {
    case 'byte':
      return (node.set & one) === noBytes ? { ...still, through: undefined } : still
    case 'capture':
      return chainOf(node.of, one)
    case 'sequence':
      return node.parts.map((part) => chainOf(part, one)).reduce(joined, still)
    case 'either':
      return eitherOf(node.options.map((option) => chainOf(option, one)))
    case 'repeat':
      return repeated(chainOf(node.of, one), node.min, node.max)
    default:
      return still
  }
}

function joined(a: Chain, b: Chain): Chain {
  return {
    best: Math.max(a.best, b.best, a.right + b.left),
    left: a.through === undefined ? a.left : Math.max(a.left, a.through + b.left),
    right: b.through === undefined ? b.right : Math.max(b.right, a.right + b.through),
    through: a.through === undefined || b.through === undefined ? undefined : a.through + b.through,
  }
}

function eitherOf(options: readonly Chain[]): Chain {
  const through = options.flatMap((option) => option.through ?? [])
  return {
    best: Math.max(...options.map(({ best }) => best)),
    left: Math.max(...options.map(({ left }) => left)),
    right: Math.max(...options.map(({ right }) => right)),
    through: through.length > 0 ? Math.max(...through) : undefined,
  }
}

function repeated(inner: Chain, min: number, max: number): Chain {
  if (inner.through === undefined) {
    // Its turns can not follow each other with this byte alone; around a turn's edge they may meet.
    return {
      ...inner,
      best: Math.max(inner.best, max > 1 ? inner.right + inner.left : 0),
      through: min === 0 ? 0 : undefined,
    }
  }
  const turns = max > fewTurns ? inner.through + 1 : inner.through * max + choices(max - min + 1)
  return {
    best: Math.max(inner.best, turns),
    left: Math.max(inner.left, turns),
    right: Math.max(inner.right, turns),
    through: turns,
  }
}
