/** `@pm` and `@pmFromFile`: any of many phrases occurs, letters without case. */
import { lowercase } from '../transformations/lowercase.ts'
import { AhoCorasick } from './aho-corasick.ts'
import { linesOf } from './data-file.ts'
import type { Operator, OperatorFactory } from './operator.ts'

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
  const lines = linesOf(argument, context)
  return 'message' in lines ? lines : search(lines.lines)
}

function search(phrases: readonly string[]): Operator {
  const automaton = new AhoCorasick(phrases)
  const operator: Operator = (value) => {
    const found = automaton.first(value)
    return found && { matched: value.slice(found.end - phrases[found.phrase]!.length, found.end) }
  }
  const minLength = Math.min(...phrases.map(({ length }) => length))
  return Object.assign(operator, { requires: { literals: phrases.map(lowercase), bytes: [], minLength } })
}
