/**
 * The states of an automaton that are known, and the table that leads from one to the next. Promises: equal states are one;
 * memory is bounded (`limits.ts`), and where it is used up `add` says so.
 */
import { maxAutomatonCells, maxAutomatonPlaces } from '../limits.ts'
import { before } from './before.ts'
import { PlaceLists, type Places } from './place-lists.ts'
import { copied, noMatches } from './successors.ts'
import { work } from './work.ts'

export type State = {
  /** Places reached by patterns that began at the last byte (a set of `Successors`), and all others: those of a list. */
  readonly root: number
  readonly from: number
  readonly to: number
  /** What was read last (`before.ts`). */
  readonly before: number
  /** Patterns that matched before the last byte. */
  readonly matches: readonly number[]
  /** The last subject in which they were reported. */
  seen: number
  /** Another state with the same hash, or -1. */
  readonly alike: number
}

/** What `add` is given: the first `count` of the places. */
export type Reached = {
  readonly root: number
  readonly places: Places
  readonly count: number
  readonly before: number
  readonly matches: readonly number[]
}

/** What the making of a state costs, in steps of `work`. */
const makingSteps = 40

export class States {
  /** Where a state's row begins, its offset, plus the class: another one after `add`. */
  table = new Int32Array(0)
  /** How many have been made. */
  made = 0
  readonly #columns: number
  #states: State[] = []
  readonly #lists = new PlaceLists()
  /** The last state of each hash. */
  readonly #known = new Map<number, number>()

  constructor(columns: number) {
    this.#columns = columns
    this.reset()
  }

  get size(): number {
    return this.#states.length
  }

  /** The array in which the places of all states are. */
  get places(): Places {
    return this.#lists.all
  }

  at(index: number): State {
    return this.#states[index]!
  }

  /** Only the beginning is known; it is the second state, as no state has offset 0. */
  reset(): void {
    const beginning = { root: 0, places: new Int32Array(0), count: 0, before: before.nothing, matches: noMatches }
    this.table = new Int32Array(0)
    this.#states = [{ root: 0, from: 0, to: 0, before: before.nothing, matches: noMatches, seen: 0, alike: -1 }]
    this.#known.clear()
    this.#lists.clear()
    this.add(beginning)
  }

  /** Its offset; 0 where there is no room for it. */
  add(reached: Reached): number {
    const hash = hashOf(reached)
    const alike = this.#known.get(hash) ?? -1
    work.steps += makingSteps + 2 * reached.count
    for (let index = alike; index !== -1; index = this.#states[index]!.alike) {
      if (this.#is(this.#states[index]!, reached)) return index * this.#columns
    }
    this.made++
    const index = this.#states.length
    const offset = index * this.#columns
    if (offset + this.#columns > maxAutomatonCells || this.#lists.size + reached.count > maxAutomatonPlaces) return 0
    if (offset + this.#columns > this.table.length) this.#enlarge()
    const { root, places, count, before: kind, matches } = reached
    const from = this.#lists.add(places, count)
    this.#states.push({ root, from, to: from + count, before: kind, matches: copied(matches), seen: 0, alike })
    this.#known.set(hash, index)
    return offset
  }

  #enlarge(): void {
    const larger = new Int32Array(Math.min(maxAutomatonCells, Math.max(8 * this.#columns, 2 * this.table.length)))
    larger.set(this.table)
    this.table = larger
  }

  #is(state: State, { root, places, count, before: kind, matches }: Reached): boolean {
    if (state.root !== root || state.before !== kind || state.to - state.from !== count) return false
    const { all } = this.#lists
    for (let at = 0; at < count; at++) if (all[state.from + at] !== places[at]) return false
    return state.matches.length === matches.length && matches.every((pattern, at) => pattern === state.matches[at])
  }
}

function hashOf({ root, places, count, before: kind, matches }: Reached): number {
  let hash = root * 31 + kind
  for (let at = 0; at < count; at++) hash = (Math.imul(hash, 0x01000193) ^ places[at]!) | 0
  for (const pattern of matches) hash = (Math.imul(hash, 0x01000193) ^ pattern) | 0
  return hash
}
