/** Detectors compiled into what one pass over a stream needs. Immutable; any number of streams share it. */
import { type Automaton, ahoCorasick } from '../text/aho-corasick.ts'
import type { Detector } from './model.ts'

/** Who wants to see a run of digits, by its length (21: longer). Indices into `detectors`. */
type ByLength = readonly (readonly number[])[]

type Beside = 'alone' | 'first' | 'afterLetter'

export type Program = {
  readonly detectors: readonly Detector[]
  readonly automaton: Automaton
  /** By index of the automaton's word: its length, and who asked for it. Word 0 is "two digits". */
  readonly words: readonly { readonly length: number; readonly listeners: readonly number[] }[]
  readonly runs: Readonly<Record<Beside, ByLength>>
  /** The automaton's state after two digits and more. */
  readonly runState: number
  readonly sweepers: readonly number[]
}

/** Runs longer than this are no number that anybody looks for. */
export const maxRun = 20
const twoDigits = '00'

export function compileDetectors(detectors: readonly Detector[]): Program {
  const byWord = new Map<string, number[]>([[twoDigits, []]])
  detectors.forEach((detector, index) => {
    if (detector.trigger?.kind === 'words')
      for (const word of folded(detector.trigger.words)) listen(byWord, word, index)
  })
  const words = [...byWord]
  const automaton = ahoCorasick(
    words.map(([word]) => word),
    { ignoreCase: true, anyDigit: true },
  )
  return {
    detectors,
    automaton,
    runState: [...twoDigits].reduce((state, c) => automaton.next[state + automaton.classes[c.charCodeAt(0)]!]!, 0),
    words: words.map(([word, listeners]) => ({ length: word.length, listeners })),
    runs: {
      alone: runsOf(detectors, 'alone'),
      first: runsOf(detectors, 'first'),
      afterLetter: runsOf(detectors, 'afterLetter'),
    },
    sweepers: detectors.flatMap((detector, index) => (detector.trigger ? [] : [index])),
  }
}

function runsOf(detectors: readonly Detector[], beside: Beside): ByLength {
  const wanted = detectors.map(({ trigger }) => (trigger?.kind === 'digits' ? trigger[beside] : undefined) ?? [])
  return Array.from({ length: maxRun + 2 }, (_, length) =>
    wanted.flatMap((lengths, index) => (lengths.includes(length) ? [index] : [])),
  )
}

/** Words that the automaton can not tell apart are one: the detector is asked once. */
function folded(words: readonly string[]): ReadonlySet<string> {
  return new Set(words.map((word) => word.replace(/[A-Z]/g, (c) => c.toLowerCase()).replace(/\d/g, '0')))
}

function listen(byWord: Map<string, number[]>, word: string, index: number): void {
  const listeners = byWord.get(word)
  if (listeners) listeners.push(index)
  else byWord.set(word, [index])
}
