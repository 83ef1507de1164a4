/**
 * What every subject that matches a pattern must have, cheap to check before the pattern is run. Promises soundness only:
 * a subject that matches always meets it (tested); how much it keeps away is luck.
 */
import { maxRequiredLiterals } from '../limits.ts'
import { lowercase } from '../transformations/lowercase.ts'
import type { Node } from './ast.ts'
import { allBytes, type ByteSet, bytesOf, sizeOf } from './bytes.ts'

export type Requirement = {
  /** At least one of them is in the subject; both sides with small ASCII letters. Undefined: nothing is known. */
  readonly literals: readonly string[] | undefined
  /** Of each set at least one byte is in the subject. Rarest first. */
  readonly bytes: readonly ByteSet[]
  readonly minLength: number
}

/** For callers without an index of their own. */
export function meets(subject: string, { literals, bytes, minLength }: Requirement): boolean {
  if (subject.length < minLength) return false
  if (bytes.length > 0) {
    const present = presence(subject)
    if (!bytes.every((set) => (set & present) !== 0n)) return false
  }
  const small = lowercase(subject)
  return literals?.some((literal) => small.includes(literal)) ?? true
}

/** The bytes that a subject has. */
export function presence(subject: string): ByteSet {
  const seen = new Uint32Array(8)
  for (let at = 0; at < subject.length; at++) {
    const value = subject.charCodeAt(at)
    seen[value >> 5] = seen[value >> 5]! | (1 << (value & 31))
  }
  return seen.reduceRight((set, part) => (set << 32n) | BigInt(part), 0n)
}

export function requirementOf(tree: Node): Requirement {
  const { whole, some, bytes, least } = knowledgeOf(tree)
  return { literals: better(some, whole && usable(whole)), bytes: rarest(bytes), minLength: least }
}

/** `whole`: all texts that the node can match, if they are few. `some`: of these, one is in whatever it matches. */
type Knowledge = {
  readonly whole: Texts | undefined
  readonly some: Texts | undefined
  readonly bytes: readonly ByteSet[]
  readonly least: number
}
type Texts = readonly string[]

const maxSetLetters = 10
const maxTexts = 100
const maxTextLength = 24
const keptSets = 3
/** A set of more says too little to be looked at. */
const maxSetSize = 128

const nothing: Knowledge = { whole: undefined, some: undefined, bytes: [], least: 0 }
const emptiness: Knowledge = { whole: [''], some: undefined, bytes: [], least: 0 }

function knowledgeOf(node: Node): Knowledge {
  switch (node.kind) {
    case 'empty':
    case 'assertion':
      return emptiness
    case 'byte':
      return { ...nothing, whole: textsOf(node.set), bytes: node.set === allBytes ? [] : [node.set], least: 1 }
    case 'capture':
      return knowledgeOf(node.of)
    case 'sequence':
      return ofSequence(node.parts.map(knowledgeOf))
    case 'either':
      return ofEither(node.options.map(knowledgeOf))
    case 'repeat':
      return ofRepeat(knowledgeOf(node.of), node.min, node.max)
  }
}

function textsOf(set: ByteSet): Texts | undefined {
  const letters = new Set(
    sizeOf(set) <= 2 * maxSetLetters ? bytesOf(set).map((b) => lowercase(String.fromCharCode(b))) : [],
  )
  return letters.size > 0 && letters.size <= maxSetLetters ? [...letters] : undefined
}

/** Texts grow to the right as long as they are few; what is lost from sight there is a candidate for `some`. */
function ofSequence(parts: readonly Knowledge[]): Knowledge {
  let texts: Texts = ['']
  let some: Texts | undefined
  let isWhole = true
  for (const part of parts) {
    const longer = part.whole && product(texts, part.whole)
    if (longer) {
      texts = longer
      continue
    }
    isWhole = false
    some = better(better(some, usable(texts)), part.some)
    texts = part.whole ?? ['']
  }
  return {
    whole: isWhole ? texts : undefined,
    some: isWhole ? undefined : better(some, usable(texts)),
    bytes: rarest(parts.flatMap(({ bytes }) => bytes)),
    least: parts.reduce((sum, { least }) => sum + least, 0),
  }
}

function product(left: Texts, right: Texts): Texts | undefined {
  if (left.length * right.length > maxTexts) return undefined
  const texts = [...new Set(left.flatMap((a) => right.map((b) => a + b)))]
  return texts.every(({ length }) => length <= maxTextLength) ? texts : undefined
}

function ofEither(options: readonly Knowledge[]): Knowledge {
  const wholes = options.map(({ whole }) => whole)
  const somes = options.map(({ whole, some }) => better(some, whole && usable(whole)))
  const sets = options.map(({ bytes }) => rarest(bytes)[0])
  return {
    whole: union(wholes, maxTexts),
    some: union(somes, maxRequiredLiterals),
    bytes: sets.every((set) => set !== undefined) ? [sets.reduce((all, set) => all | set, 0n)] : [],
    least: Math.min(...options.map(({ least }) => least)),
  }
}

function union(parts: readonly (Texts | undefined)[], most: number): Texts | undefined {
  if (parts.includes(undefined)) return undefined
  const texts = [...new Set(parts.flatMap((part) => part!))]
  return texts.length <= most ? texts : undefined
}

function ofRepeat(inner: Knowledge, min: number, max: number): Knowledge {
  if (max === 0) return emptiness
  if (min === 0) return max === 1 && inner.whole ? { ...emptiness, whole: [...new Set(['', ...inner.whole])] } : nothing
  const isOnce = min === 1 && max === 1
  const isSame = min === max && inner.whole?.length === 1 && inner.whole[0]!.length * min <= maxTextLength
  return {
    whole: isOnce ? inner.whole : isSame ? [inner.whole[0]!.repeat(min)] : undefined,
    some: better(inner.some, inner.whole && usable(inner.whole)),
    bytes: inner.bytes,
    least: inner.least * min,
  }
}

const usable = (texts: Texts): Texts | undefined => (texts.includes('') ? undefined : withoutLonger(texts))

/** `union` makes `unions` superfluous. */
const withoutLonger = (texts: Texts): Texts =>
  texts.filter((text) => !texts.some((other) => other !== text && text.includes(other)))

/** Length counts most, then how few they are. */
function better(a: Texts | undefined, b: Texts | undefined): Texts | undefined {
  if (!a || !b) return a ?? b
  return worth(a) >= worth(b) ? a : b
}

const worth = (texts: Texts): number => Math.min(4, ...texts.map(({ length }) => length)) * 8 - Math.log2(texts.length)

const rarest = (sets: readonly ByteSet[]): readonly ByteSet[] =>
  [...new Set(sets)]
    .map((set) => ({ set, size: sizeOf(set) }))
    .filter(({ size }) => size <= maxSetSize)
    .sort((a, b) => a.size - b.size)
    .slice(0, keptSets)
    .map(({ set }) => set)
