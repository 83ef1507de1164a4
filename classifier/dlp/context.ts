/** Is one of these words near? Within six words and 96 bytes on either side; case and separators do not matter. */
import { isDigit, slice } from './bytes.ts'
import { besideBytes, contextBytes, contextWords, headingBytes } from './limits.ts'
import { folded, hashOf, hashSize, lower, mixed, parts, wordsOf } from './words.ts'

type Words = {
  readonly single: ReadonlySet<string>
  readonly phrases: readonly string[]
  /** What the number is not, where these stand right before it. */
  readonly unless: ReadonlySet<string>
}
type Lists = { readonly context?: readonly string[]; readonly unless?: readonly string[] }

/** The lists of all detectors together. */
export type ContextWords = {
  /** By detector. */
  readonly words: readonly (Words | undefined)[]
  /** By detector: its bit in `hashes`; 0 where it has no list. Two may share one. */
  readonly bits: Int32Array
  /** By the hash of a word, or of a phrase's first: the bits of those who look for it. */
  readonly hashes: Int32Array
}

export function contextWordsOf(detectors: readonly Lists[]): ContextWords {
  const bits = new Int32Array(detectors.length)
  const hashes = new Int32Array(hashSize)
  const words = detectors.map(({ context, unless = [] }, index) => {
    if (!context) return undefined
    const normal = context.map((word) => wordsOf(Buffer.from(word).toString('latin1')).join(' '))
    bits[index] = 1 << (index % 32)
    for (const phrase of normal) hashes[hashOf(phrase.split(' ')[0]!)]! |= bits[index]!
    const phrases = normal.filter((word) => word.includes(' ')).map((phrase) => `${phrase} `)
    return { single: new Set(normal.filter((word) => !word.includes(' '))), phrases, unless: new Set(unless) }
  })
  return { words, bits, hashes }
}

/** Where words begin and end, those of the last call of `cutWords`. */
const mostWords = Math.max(contextBytes, headingBytes)
const begins = new Int32Array(mostWords)
const ends = new Int32Array(mostWords)

/** The words in [from, to) into `begins` and `ends`; how many. Numbers are no words: they stand between them in tables. */
function cutWords(text: Buffer, from: number, to: number): number {
  let count = 0
  let before = 0
  let counted = false
  for (let i = from; i < to; before = text[i]!, i++) {
    const byte = text[i]!
    if (folded[byte] === 0) continue
    if (parts(before, byte)) {
      counted = !isDigit(byte)
      if (counted) begins[count++] = i
    }
    if (counted) ends[count - 1] = i + 1
  }
  return count
}

const wordAt = (text: Buffer, i: number): string => lower(slice(text, begins[i]!, ends[i]!))

/** Is one of the detector's words among the six before or the six behind? */
export function isNear(context: ContextWords, detector: number, text: Buffer, start: number, end: number): boolean {
  const from = Math.max(0, start - contextBytes)
  const before = cutWords(text, from, start)
  // The first one may have lost its beginning: `ns` is not `ans`.
  const whole = from > 0 && before > 0 && begins[0] === from ? 1 : 0
  if (isAmong(context, detector, text, Math.max(whole, before - contextWords), before)) return true
  const to = Math.min(text.length, end + contextBytes)
  const behind = cutWords(text, end, to)
  // Nor may the last one go on.
  const broken = behind > 0 && ends[behind - 1] === to && to < text.length && !parts(text[to - 1]!, text[to]!) ? 1 : 0
  return isAmong(context, detector, text, 0, Math.min(behind - broken, contextWords))
}

/** Is one of the detector's words anywhere in [from, to)? */
export function isAnyIn(context: ContextWords, detector: number, text: Buffer, from: number, to: number): boolean {
  return isAmong(context, detector, text, 0, cutWords(text, from, to))
}

const vague = new Set(['number', 'no', 'nr', 'num', 'value', 'code', 'key'])

/** Does the word right before `start` (`order_id`, `tracking number`) say that it is something else? */
export function isOther({ words }: ContextWords, detector: number, text: Buffer, start: number): boolean {
  const unless = words[detector]?.unless
  if (unless === undefined || unless.size === 0) return false
  const count = cutWords(text, Math.max(0, start - contextBytes), start)
  if (count === 0 || start - ends[count - 1]! > besideBytes) return false
  const last = wordAt(text, count - 1)
  return unless.has(last) || (vague.has(last) && count > 1 && unless.has(wordAt(text, count - 2)))
}

/** @param first to `last`: of the words that were cut */
function isAmong({ words, bits, hashes }: ContextWords, detector: number, text: Buffer, first: number, last: number) {
  const { single, phrases } = words[detector]!
  for (let word = first; word < last; word++) {
    let hash = 0
    for (let i = begins[word]!; i < ends[word]!; i++) hash = mixed(hash, folded[text[i]!]!)
    if ((hashes[hash]! & bits[detector]!) === 0) continue
    if (single.has(wordAt(text, word))) return true
    if (phrases.length === 0) continue
    let rest = ''
    for (let next = word; next < last; next++) rest += `${wordAt(text, next)} `
    if (phrases.some((phrase) => rest.startsWith(phrase))) return true
  }
  return false
}
