/**
 * What a byte leads to. Patterns are tried anew at every byte, which is mostly the same and much: what their beginnings lead
 * to is found once for a class (a set with a number), and what these sets lead to once for each class behind it.
 * Promises: a bounded memory. Never: states; those are `states.ts`.
 */
import { maxAutomatonPlaces } from '../limits.ts'
import { kinds } from './before.ts'
import { PlaceLists, type Places } from './place-lists.ts'
import type { Walk } from './walk.ts'

/** What an answer takes beside its places, in places. */
const answerPlaces = 10

type Root = { readonly set: number; readonly matches: readonly number[] }
type After = { readonly root: number; readonly from: number; readonly to: number; readonly matches: readonly number[] }

export const noMatches: readonly number[] = []
/** As long as needed: a list that was grown has room for more. */
export const copied = (matches: readonly number[]): readonly number[] =>
  matches.length === 0 ? noMatches : matches.slice()

export class Successors {
  readonly #walk: Walk
  readonly #starts: Places
  readonly #columns: number
  readonly #roots: (Root | undefined)[] = []
  readonly #rootSets: Places[] = [new Int32Array(0)]
  readonly #rootNames = new Map<string, number>([['', 0]])
  readonly #afters = new Map<number, After>()
  readonly #lists = new PlaceLists()

  /** @param starts of the patterns; @param columns classes and the end */
  constructor(walk: Walk, starts: Places, columns: number) {
    this.#walk = walk
    this.#starts = starts
    this.#columns = columns
  }

  /**
   * The walk then has what a class leads to from the places of a list (`from` to `to`) and from the beginnings one byte ago
   * (`root`), but not what all beginnings lead to: that is the set whose number is answered.
   */
  follow(root: number, kind: number, list: Places, from: number, to: number, column: number): number {
    const walk = this.#walk
    const after = this.#after(root, kind, column)
    walk.begin()
    for (const pattern of after.matches) walk.found.push(pattern)
    walk.collect(this.#lists.all, after.from, after.to)
    walk.visit(list, from, to, kind, column)
    walk.drop(after.to - after.from, this.#rootSets[after.root]!)
    if (walk.found.length > 1) walk.found.sort((a, b) => a - b)
    return after.root
  }

  #after(set: number, kind: number, column: number): After {
    const slot = (set * kinds + kind) * this.#columns + column
    const known = this.#afters.get(slot)
    if (known !== undefined) return known
    const walk = this.#walk
    const root = this.#root(kind, column)
    walk.begin()
    for (const pattern of root.matches) walk.found.push(pattern)
    const list = this.#rootSets[set]!
    walk.visit(list, 0, list.length, kind, column)
    walk.drop(0, this.#rootSets[root.set]!)
    walk.sort()
    if (this.#lists.size + answerPlaces * this.#afters.size + walk.count > maxAutomatonPlaces) {
      this.#afters.clear()
      this.#lists.clear()
    }
    const from = this.#lists.add(walk.targets, walk.count)
    const made = { root: root.set, from, to: from + walk.count, matches: copied(walk.found) }
    this.#afters.set(slot, made)
    return made
  }

  #root(kind: number, column: number): Root {
    const slot = column * kinds + kind
    const known = this.#roots[slot]
    if (known !== undefined) return known
    const walk = this.#walk
    walk.begin()
    walk.visit(this.#starts, 0, this.#starts.length, kind, column)
    walk.sort()
    const made = { set: this.#rootSet(walk.targets.slice(0, walk.count)), matches: copied(walk.found) }
    this.#roots[slot] = made
    return made
  }

  #rootSet(set: Places): number {
    const name = set.join()
    const known = this.#rootNames.get(name)
    if (known !== undefined) return known
    this.#rootNames.set(name, this.#rootSets.length)
    return this.#rootSets.push(set) - 1
  }
}
