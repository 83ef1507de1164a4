/** Pattern text → tree: the common part of PCRE and RE2. What a linear-time engine can not do is refused with its position. */
import { maxPatternCharacters, maxPatternDepth, maxPatternPositions, maxPatternRepeat } from '../limits.ts'
import type { Node } from './ast.ts'
import { allBytes, byte, folded, not } from './bytes.ts'
import { readClass } from './class.ts'
import { RegexError } from './error.ts'
import { readEscape } from './escape.ts'
import { letter } from './letter.ts'
import { Reader } from './reader.ts'

/** The rule language's defaults: a dot takes every byte, `^` and `$` are the ends of the subject. */
export type Flags = { readonly ignoreCase: boolean; readonly multiline: boolean; readonly dotAll: boolean }

export type Pattern = {
  readonly tree: Node
  readonly captures: number
  /** Bytes, brackets and choices with repetitions written out: no engine's program has more than a few times as many. */
  readonly positions: number
}

/** Throws a RegexError. */
export function parsePattern(source: string, flags: Flags): Pattern {
  if (source.length > maxPatternCharacters) {
    throw new RegexError(`the pattern is longer than ${maxPatternCharacters} characters`, 0)
  }
  return new PatternParser(new Reader(source), flags).pattern()
}

const newline = byte(0x0a)

class PatternParser {
  readonly #reader: Reader
  #flags: Flags
  #captures = 0
  #depth = 0

  constructor(reader: Reader, flags: Flags) {
    this.#reader = reader
    this.#flags = flags
  }

  pattern(): Pattern {
    const tree = this.#either()
    if (!this.#reader.done) this.#reader.fail('there is no bracket open for this )')
    const positions = positionsOf(tree)
    if (positions > maxPatternPositions) throw new RegexError('the pattern is too big', 0)
    return { tree, captures: this.#captures, positions }
  }

  #either(): Node {
    if (++this.#depth > maxPatternDepth) this.#reader.fail(`brackets are nested deeper than ${maxPatternDepth}`)
    const outside = this.#flags
    const options = [this.#sequence()]
    while (this.#reader.take('|')) options.push(this.#sequence())
    this.#flags = outside
    this.#depth--
    return options.length === 1 ? options[0]! : { kind: 'either', options }
  }

  #sequence(): Node {
    const parts: Node[] = []
    while (!this.#reader.done && !this.#reader.at('|') && !this.#reader.at(')')) {
      if (this.#reader.take('\\Q')) {
        for (const value of this.#reader.quoted()) parts.push(this.#byte(value))
        continue
      }
      parts.push(this.#repeated(this.#atom()))
    }
    return parts.length === 1 ? parts[0]! : parts.length === 0 ? { kind: 'empty' } : { kind: 'sequence', parts }
  }

  #atom(): Node {
    const reader = this.#reader
    if (reader.take('(')) return this.#group()
    if (reader.take('[')) return { kind: 'byte', set: readClass(reader, this.#flags.ignoreCase) }
    if (reader.take('.')) return { kind: 'byte', set: this.#flags.dotAll ? allBytes : not(newline) }
    if (reader.take('^')) return { kind: 'assertion', place: this.#flags.multiline ? 'lineStart' : 'start' }
    if (reader.take('$')) return { kind: 'assertion', place: this.#flags.multiline ? 'lineEnd' : 'end' }
    if (reader.at('\\')) {
      const read = readEscape(reader)
      if (typeof read === 'string') return { kind: 'assertion', place: read }
      return { kind: 'byte', set: this.#flags.ignoreCase ? folded(read) : read }
    }
    if (/[*+?]/.test(reader.peek()) || reader.repetition()) reader.fail('there is nothing to repeat')
    return this.#byte(reader.byte())
  }

  #byte(value: number): Node {
    return letter(value, this.#flags.ignoreCase)
  }

  #group(): Node {
    const reader = this.#reader
    if (!reader.take('?')) return this.#capture()
    if (reader.take('P<') || (/^<[A-Za-z_]/.test(reader.rest(2)) && reader.take('<'))) {
      reader.match(/\w+>/y, 'the name of a group')
      return this.#capture()
    }
    if (/^(?:[=!>|#(&R+]|<[=!]|P[=>])/.test(reader.rest(2))) {
      reader.fail('look-around, atomic groups, conditions, comments and recursion are not possible in linear time')
    }
    const [, on, off, close] = reader.match(/([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)])/y, 'the flags of a group')
    const outside = this.#flags
    this.#flags = this.#flagsWith(on!, off ?? '')
    if (close === ')') return { kind: 'empty' } // to the end of the enclosing group: #either puts them back
    const inner = this.#closed()
    this.#flags = outside
    return inner
  }

  #capture(): Node {
    const index = ++this.#captures
    return { kind: 'capture', index, of: this.#closed() }
  }

  #closed(): Node {
    const inner = this.#either()
    if (!this.#reader.take(')')) this.#reader.fail('a bracket is not closed')
    return inner
  }

  #flagsWith(on: string, off: string): Flags {
    for (const flag of on + off) {
      if (!'ism'.includes(flag)) this.#reader.fail(`there is no flag ${flag}`)
    }
    const value = (flag: string, now: boolean): boolean => (off.includes(flag) ? false : on.includes(flag) || now)
    const { ignoreCase, multiline, dotAll } = this.#flags
    return { ignoreCase: value('i', ignoreCase), multiline: value('m', multiline), dotAll: value('s', dotAll) }
  }

  #repeated(atom: Node): Node {
    const reader = this.#reader
    const times = reader.takeRepetition()
    if (!times) return atom
    if (times.max < times.min) reader.fail('the repetition ends before it begins')
    if (times.min > maxPatternRepeat || (times.max !== Number.POSITIVE_INFINITY && times.max > maxPatternRepeat)) {
      reader.fail(`nothing can be repeated more than ${maxPatternRepeat} times`)
    }
    const lazy = reader.take('?')
    if (reader.at('+')) reader.fail('possessive repetition is not possible in linear time')
    if (/[*?]/.test(reader.peek()) || reader.repetition()) reader.fail('a repetition can not be repeated')
    const repeated: Node = { kind: 'repeat', of: atom, ...times, lazy }
    if (turnsOf(repeated) > maxPatternRepeat)
      reader.fail(`repetitions in one another have more than ${maxPatternRepeat} turns`)
    return repeated
  }
}

function positionsOf(node: Node): number {
  switch (node.kind) {
    case 'sequence':
      return node.parts.reduce((sum, part) => sum + positionsOf(part), 0)
    case 'either':
      return node.options.reduce((sum, option) => sum + 1 + positionsOf(option), 0)
    case 'repeat':
      return 1 + positionsOf(node.of) * Math.max(1, node.max === Number.POSITIVE_INFINITY ? node.min : node.max)
    case 'capture':
      return 2 + positionsOf(node.of)
    default:
      return 1
  }
}

/** The most turns of counted repetitions in one another, as RE2 counts them: `(x{0,9}){2,5}` has 45; `*`, `+` and `?` have none. */
function turnsOf(node: Node): number {
  switch (node.kind) {
    case 'sequence':
      return Math.max(1, ...node.parts.map(turnsOf))
    case 'either':
      return Math.max(1, ...node.options.map(turnsOf))
    case 'repeat':
      return turnsOf(node.of) * Math.max(1, node.max === Number.POSITIVE_INFINITY ? node.min : node.max)
    case 'capture':
      return turnsOf(node.of)
    default:
      return 1
  }
}
