/** Detectors compiled into what one pass over a stream needs. Immutable; any number of streams share it. */
import { type Automaton, ahoCorasick, beginnings } from '../text/aho-corasick.ts'
import { type ContextWords, contextWordsOf } from './context.ts'
import type { Detector, Trigger } from './model.ts'

type Beside = Exclude<keyof Extract<Trigger, { kind: 'digits' }>, 'kind'>

/** Who wants to see a run of digits, by its length (21: longer). Indices into `detectors`. */
type ByLength = readonly (readonly number[])[]

export type Program = {
  readonly detectors: readonly Detector[]
  readonly automaton: Automaton
  readonly beginnings: Uint8Array
  /** By index of the automaton's word: its length, and who asked for it. Word 0 is "two digits". */
  readonly words: readonly { readonly length: number; readonly listeners: readonly number[] }[]
  readonly runs: Readonly<Record<Beside, ByLength>>
  /** The automaton's state after two digits and more; -1 where there are words of digits alone: then runs are not passed over. */
  readonly runState: number
  readonly sweepers: readonly number[]
  readonly contexts: ContextWords
  /** By length of a run: the context bits of those who want it `weak`. */
  readonly weakBits: Int32Array
}

/** Runs longer than this are no number that anybody looks for. */
export const maxRun = 20
const twoDigits = '00'

export function compileDetectors(detectors: readonly Detector[]): Program {
  const byWord = listenersOf(detectors)
  const words = [...byWord]
  const automaton = ahoCorasick(
    words.map(([word]) => word),
    { ignoreCase: true, anyDigit: true },
  )
  const step = (state: number) => automaton.next[state + automaton.classes[0x30]!]!
  const runState = step(step(0))
  const contexts = contextWordsOf(detectors)
  const weak = runsOf(detectors, 'weak')
  return {
    detectors,
    automaton,
    beginnings: beginnings(beginningsOf(detectors)),
    runState: words[0]![1].length === 0 && step(runState) === runState ? runState : -1,
    words: words.map(([word, listeners]) => ({ length: word.length, listeners })),
    runs: {
      alone: runsOf(detectors, 'alone'),
      weak,
      open: runsOf(detectors, 'open'),
      first: runsOf(detectors, 'first'),
      dotted: runsOf(detectors, 'dotted'),
      afterLetter: runsOf(detectors, 'afterLetter'),
    },
    sweepers: detectors.flatMap((detector, index) => (detector.trigger ? [] : [index])),
    contexts,
    weakBits: Int32Array.from(weak, (indices) => indices.reduce((bits, index) => bits | contexts.bits[index]!, 0)),
  }
}

function beginningsOf(detectors: readonly Detector[]): Parameters<typeof beginnings>[0] {
  const words = detectors.flatMap(({ trigger }) =>
    trigger?.kind === 'words'
      ? trigger.words.map((word) => ({ word, ignoreCase: trigger.ignoreCase, anyDigit: true }))
      : [],
  )
  return [{ word: twoDigits, ignoreCase: false, anyDigit: true }, ...words]
}

function runsOf(detectors: readonly Detector[], beside: Beside): ByLength {
  const wanted = detectors.map(({ trigger }) => (trigger?.kind === 'digits' ? trigger[beside] : undefined) ?? [])
  return Array.from({ length: maxRun + 2 }, (_, length) =>
    wanted.flatMap((lengths, index) => (lengths.includes(length) ? [index] : [])),
  )
}

function listenersOf(detectors: readonly Detector[]): ReadonlyMap<string, readonly number[]> {
  const byWord = new Map<string, number[]>([[twoDigits, []]])
  detectors.forEach((detector, index) => {
    if (detector.trigger?.kind !== 'words') return
    for (const word of folded(detector.trigger.words)) {
      const listeners = byWord.get(word)
      if (listeners) listeners.push(index)
      else byWord.set(word, [index])
    }
  })
  return byWord
}

/** Words that the automaton can not tell apart are one: the detector is asked once. */
function folded(words: readonly string[]): ReadonlySet<string> {
  return new Set(words.map((word) => word.replace(/[A-Z]/g, (c) => c.toLowerCase()).replace(/\d/g, '0')))
}
