/** Is one of these words near? Within five words and 96 bytes on either side; case and separators do not matter. */
import { slice } from './bytes.ts'
import { contextBytes, contextWords } from './limits.ts'
import type { Strength } from './model.ts'

type Words = { readonly single: ReadonlySet<string>; readonly phrases: readonly string[] }

/** What a detector's list becomes, once. */
export function contextOf(words: readonly string[]): Words {
  const normal = words.map((word) => wordsOf(word).join(' '))
  return {
    single: new Set(normal.filter((word) => !word.includes(' '))),
    phrases: normal.filter((word) => word.includes(' ')).map((phrase) => ` ${phrase} `),
  }
}

/** `creditCard`, `credit_card` and `Credit-Card` are two words, `SSN` is one. */
function wordsOf(text: string): readonly string[] {
  return text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9\x80-\xff]+/)
    .filter((word) => word !== '')
}

function isNear(context: Words, text: Buffer, start: number, end: number): boolean {
  const before = wordsOf(cutFront(slice(text, start - contextBytes, start), start > contextBytes)).slice(-contextWords)
  const after = wordsOf(slice(text, end, end + contextBytes)).slice(0, contextWords)
  return has(context, before) || has(context, after)
}

/** The first word may have lost its beginning: `ns` is not `ans`. */
const cutFront = (text: string, cut: boolean): string => (cut ? text.replace(/^[A-Za-z0-9]+/, '') : text)

function has({ single, phrases }: Words, words: readonly string[]): boolean {
  if (words.some((word) => single.has(word))) return true
  if (phrases.length === 0) return false
  const line = ` ${words.join(' ')} `
  return phrases.some((phrase) => line.includes(phrase))
}

/** How sure one is with what stands around; undefined: not at all. */
export function weigh(
  strength: Strength,
  context: Words | undefined,
  text: Buffer,
  start: number,
  end: number,
): 'certain' | 'likely' | undefined {
  if (strength === 'certain') return 'certain'
  const near = context !== undefined && isNear(context, text, start, end)
  if (strength === 'weak') return near ? 'likely' : undefined
  return near ? 'certain' : 'likely'
}
