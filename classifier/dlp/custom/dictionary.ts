/** Words of the user's (project names, document marks): one more set of words for the pass that is made anyway. */
import { at, isWord, slice } from '../bytes.ts'
import { behindBytes, maxDictionaryWords } from '../limits.ts'
import type { Detector, Parsed, Problem } from '../model.ts'

export type DictionaryOptions = { readonly ignoreCase?: boolean; readonly wholeWords?: boolean }

/** Words are UTF-8 in the stream. Case is folded for ASCII only. By default: any case, whole words. */
export function dictionaryDetector(
  name: string,
  words: readonly string[],
  { ignoreCase = true, wholeWords = true }: DictionaryOptions = {},
): Parsed<Detector> {
  const problems = problemsOf(words)
  if (problems.length > 0) return { ok: false, problems }
  const fold = (text: string) => (ignoreCase ? text.replace(/[A-Z]/g, (c) => c.toLowerCase()) : text)
  const bytes = words.map((word) => Buffer.from(word).toString('latin1'))
  const known = new Set(bytes.map(fold))
  const detector: Detector = {
    name,
    trigger: { kind: 'words', words: bytes, ignoreCase },
    find(text, from, to) {
      if (!known.has(fold(slice(text, from, to)))) return undefined
      if (wholeWords && (isWord(at(text, from - 1)) || isWord(at(text, to)))) return undefined
      return { start: from, end: to, strength: 'certain' }
    },
  }
  return { ok: true, value: detector }
}

function problemsOf(words: readonly string[]): readonly Problem[] {
  if (words.length === 0) return [{ path: 'words', message: 'there are none' }]
  if (words.length > maxDictionaryWords) return [{ path: 'words', message: `more than ${maxDictionaryWords}` }]
  return words.flatMap((word, i) => {
    const length = Buffer.byteLength(word)
    if (length < 2) return [{ path: `words[${i}]`, message: 'shorter than two bytes: it would be everywhere' }]
    return length > behindBytes / 2 ? [{ path: `words[${i}]`, message: `longer than ${behindBytes / 2} bytes` }] : []
  })
}
