/**
 * Which patterns match somewhere in a subject? A deterministic automaton that is built while it reads (Cox, "Regular
 * Expression Matching in the Wild", 2010): one look-up a byte where a state is known already, else the state is made from
 * the places of the program. A hundred patterns cost hardly more than one: text that is no attack is far from all of them.
 * Promises: time linear in the subject, memory bounded (`limits.ts`), one answer whatever is known already.
 * Never: groups, or where a match begins.
 */
import type { Program } from './program.ts'
import { type State, States } from './states.ts'
import { bytesOfText } from './subject.ts'
import { Successors } from './successors.ts'
import { type Walk, walkOf } from './walk.ts'
import { work } from './work.ts'

/**
 * Where a look-up leads: to a state by its offset in the table; to `~index` of a state where some pattern has matched on
 * the way; not made yet; or nowhere, whatever follows.
 */
const unknown = 0
const dead = -1

const nowhere = new Int32Array(0)

export class Automaton {
  readonly #program: Program
  readonly #walk: Walk
  /** Classes of bytes and, last, the end of the subject. */
  readonly #columns: number
  /** All patterns can begin at the start of the subject only. */
  readonly #isBound: boolean
  readonly #states: States
  readonly #successors: Successors
  #subject = 0

  /** @param which of the program's patterns, by their places in `starts` */
  constructor(program: Program, which: readonly number[] = program.starts.keys().toArray()) {
    const starts = Int32Array.from(which, (pattern) => program.starts[pattern]!)
    this.#program = program
    this.#columns = program.width + 1
    this.#walk = walkOf(program)
    this.#isBound = this.#walk.beginsAtStart(starts)
    this.#states = new States(this.#columns)
    this.#successors = new Successors(this.#walk, starts, this.#columns)
  }

  /** How many states have been made. */
  get made(): number {
    return this.#states.made
  }

  /** Where the match that ends first ends; -1 where nothing matches. */
  end(subject: string): number {
    const { classes, width } = this.#program
    const bytes = bytesOfText(subject)
    const length = subject.length
    const states = this.#states
    const most = mostNewStates(states.size, length)
    let { table } = states
    let state = this.#columns
    let built = 0
    for (let at = 0; at < length; at++) {
      const column = classes[bytes[at]!]!
      let to = table[state + column]!
      if (to <= unknown) {
        if (to === unknown) {
          if (built++ > most) return this.#simulated(subject, at, states.at(state / this.#columns))
          to = this.#made(state, column)
          table = states.table
        }
        if (to < 0) {
          work.steps += at
          return to === dead ? -1 : at
        }
      }
      state = to
    }
    work.steps += length
    const last = table[state + width]!
    return (last === unknown ? this.#made(state, width) : last) < dead ? length : -1
  }

  /**
   * Tells of each pattern that matches (its place in the program's `starts`). False: the subject needs more than `most` new
   * states, and not all of them were told.
   */
  matches(subject: string, tell: (pattern: number) => void, most: number): boolean {
    const { classes, width } = this.#program
    const bytes = bytesOfText(subject)
    const length = subject.length
    const subjects = ++this.#subject
    const columns = this.#columns
    const states = this.#states
    let { table } = states
    let state = this.#columns
    let built = 0
    work.steps += length
    for (let at = 0; at <= length; at++) {
      const column = at === length ? width : classes[bytes[at]!]!
      let to = table[state + column]!
      if (to <= unknown) {
        if (to === unknown) {
          if (built++ >= most) return false
          to = this.#made(state, column)
          table = states.table
        }
        if (to === dead) return true
        if (to < dead) {
          const reached = states.at(~to)
          to = ~to * columns
          if (reached.seen !== subjects) this.#tell(reached, tell)
        }
      }
      state = to
    }
    return true
  }

  #tell(state: State, tell: (pattern: number) => void): void {
    state.seen = this.#subject
    for (const pattern of state.matches) tell(pattern)
  }

  /** What the table does not know yet. Where it is full it begins anew. */
  #made(offset: number, column: number): number {
    const { root, before, from, to: end } = this.#states.at(offset / this.#columns)
    const set = this.#successors.follow(root, before, this.#states.places, from, end, column)
    const to = this.#target(set, column)
    if (to === unknown) {
      this.#states.reset()
      return this.#target(set, column)
    }
    this.#states.table[offset + column] = to
    return to
  }

  /** The state of what the walk has collected, or `unknown` where there is no room for it. */
  #target(set: number, column: number): number {
    const isEnd = column === this.#program.width
    const { found: matches, targets, kindOf } = this.#walk
    const count = isEnd ? 0 : this.#walk.count
    const root = isEnd ? 0 : set
    if (matches.length === 0 && (isEnd || (this.#isBound && count === 0 && root === 0))) return dead
    if (count > 1) this.#walk.sort()
    const offset = this.#states.add({ root, places: targets, count, before: kindOf[column]!, matches })
    return offset !== unknown && matches.length > 0 ? ~(offset / this.#columns) : offset
  }

  /** A subject that meets ever new states is read without making them. */
  #simulated(subject: string, from: number, begin: State): number {
    const { classes, width } = this.#program
    const walk = this.#walk
    let state: { root: number; before: number } = begin
    let places = this.#states.places.slice(begin.from, begin.to)
    for (let at = from; at <= subject.length; at++) {
      const column = at === subject.length ? width : classes[subject.charCodeAt(at) & 255]!
      const root = this.#successors.follow(state.root, state.before, places, 0, places.length, column)
      if (walk.found.length > 0) return at
      if (walk.count === 0 && root === 0 && this.#isBound) return -1
      places = walk.count === 0 ? nowhere : walk.targets.slice(0, walk.count)
      state = { root, before: walk.kindOf[column]! }
    }
    return -1
  }
}

/** Text that is no attack meets a few hundred states in all; one that goes on meeting new ones is not worth making them. */
const mostNewStates = (known: number, length: number): number =>
  known < fewStates ? fewStates + (length >> 6) : (fewStates >> 2) + (length >> 8)
const fewStates = 200
