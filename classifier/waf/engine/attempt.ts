/**
 * An automaton for many patterns, which learns from what it reads. Text that is no attack needs a few hundred states in
 * all; attackers' text would need ever new ones. So learning is paid from a credit that reading earns slowly, and where
 * it is used up, a text with something new is left to others.
 */
import { Automaton } from '../rx/automaton.ts'
import type { Program } from '../rx/program.ts'

/** New states (about 10 µs each): at first and at most, for each text, and for each byte of it. */
const mostCredit = 400
const creditOfText = 1 / 8
const creditOfByte = 1 / 1024

export class Attempt {
  readonly #program: Program
  readonly #patterns: readonly number[]
  #automaton: Automaton | undefined
  #credit = mostCredit

  constructor(program: Program, patterns: readonly number[]) {
    this.#program = program
    this.#patterns = patterns
  }

  /** The patterns that match; undefined where it does not know. */
  matches(text: string): Set<number> | undefined {
    this.#automaton ??= new Automaton(this.#program, this.#patterns)
    const automaton = this.#automaton
    const matching = new Set<number>()
    const before = automaton.made
    const isSure = automaton.matches(text, (pattern) => matching.add(pattern), Math.floor(this.#credit))
    const earned = creditOfText + text.length * creditOfByte
    this.#credit = Math.min(mostCredit, this.#credit - (automaton.made - before) + earned)
    return isSure ? matching : undefined
  }
}
