/** `@pm` and `@pmFromFile`: any of many phrases occurs, letters without case. */
import { type Automaton, ahoCorasick } from '../../text/aho-corasick.ts'
import { treeOfTexts } from '../rx/texts.ts'
import { lowercase } from '../transformations/lowercase.ts'
import { linesOf } from './data-file.ts'
import type { Match, Operator, OperatorFactory } from './operator.ts'

/** Phrases between blanks; `|41 42|` is bytes, as in Snort. */
export const pm: OperatorFactory = (argument) => {
  const phrases = argument
    .replace(/\|([0-9a-fA-F\s]+)\|/g, (_, hex: string) => Buffer.from(hex.replace(/\s/g, ''), 'hex').toString('latin1'))
    .split(/[\t-\r ]+/)
    .filter((phrase) => phrase !== '')
  return phrases.length > 0 ? search(phrases) : { message: 'it needs phrases' }
}

/** One phrase a line, of one or more files. */
export const pmFromFile: OperatorFactory = (argument, context) => {
  const read = linesOf(argument, context)
  if ('message' in read) return read
  return read.lines.length > 0 ? search(read.lines) : { message: `${argument} has no phrases` }
}

/**
 * Finds the occurrence that ends first; of several that end there, the longest. Most lists are never asked by themselves,
 * because no value has one of their phrases: their tables (up to 12 MB) are made when the first one does.
 */
function search(phrases: readonly string[]): Operator {
  let made: Automaton | undefined
  const operator: Operator = (value) => {
    made ??= ahoCorasick(phrases, { ignoreCase: true, anyDigit: false })
    return firstPhrase(made, phrases, value)
  }
  const minLength = Math.min(...phrases.map(({ length }) => length))
  const small = phrases.map(lowercase)
  return Object.assign(operator, {
    requires: { literals: small, bytes: [], minLength },
    pattern: treeOfTexts(small, { ignoreCase: true }),
  })
}

function firstPhrase(automaton: Automaton, phrases: readonly string[], value: string): Match | undefined {
  const { classes, next, firstHot, stride, endings } = automaton
  let state = 0
  for (let at = 0; at < value.length; at++) {
    state = next[state + classes[value.charCodeAt(at)]!]!
    if (state < firstHot) continue
    const [longest] = endings[(state - firstHot) / stride]!
    return { matched: value.slice(at + 1 - phrases[longest!]!.length, at + 1) }
  }
  return undefined
}
