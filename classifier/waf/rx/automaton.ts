/**
 * Which patterns match somewhere in a subject? A deterministic automaton that is built while it reads (Cox, "Regular
 * Expression Matching in the Wild", 2010): one look-up a byte where a state is known already, else the state is made from
 * the places of the program. A hundred patterns cost hardly more than one: text that is no attack is far from all of them.
 * Promises: time linear in the subject, memory bounded (`limits.ts`), one answer whatever is known already.
 * Never: groups, or where a match begins.
 */
import { maxAutomatonCells, maxAutomatonPlaces } from '../limits.ts'
import { type Program, places, step } from './program.ts'
import { bytesOfText } from './subject.ts'
import { work } from './work.ts'

/** What is read before a byte, as far as assertions ask for it. */
const before = { nothing: 0, newline: 1, word: 2, other: 3 } as const
const kinds = 4

/**
 * Where a look-up leads: to a state by its offset in the table; to `~index` of a state where some pattern has matched on
 * the way; not made yet; or nowhere, whatever follows.
 */
const unknown = 0
const dead = -1

/** What a visit of a place and the making of a state cost, in steps of `work`. */
const visitSteps = 5
const makingSteps = 40

type Places = Int32Array
const none: Places = new Int32Array(0)

type State = {
  /** Places reached by patterns that began at the last byte (in `#rootSets`), and all others. */
  readonly root: number
  readonly kernel: Places
  readonly before: number
  /** Patterns that matched before the last byte. */
  readonly matches: readonly number[]
  /** The last subject in which they were reported. */
  seen: number
}

type After = { readonly root: number; readonly places: Places; readonly matches: readonly number[] }

type Root = { readonly set: number; readonly matches: readonly number[] }

export class Automaton {
  readonly #program: Program
  readonly #starts: Places
  /** Classes of bytes and, last, the end of the subject. */
  readonly #columns: number
  readonly #kindOf: Uint8Array
  readonly #isBound: boolean
  #table = new Int32Array(0)
  #states: State[] = []
  /** Indices of states by their hash. */
  readonly #known = new Map<number, number[]>()
  /** In all kernels. */
  #places = 0
  /** What reading a class leads to from the beginnings of patterns, which are tried at every byte. */
  readonly #roots: (Root | undefined)[] = []
  readonly #rootSets: Places[] = [none]
  readonly #rootNames = new Map<string, number>([['', 0]])
  readonly #afters = new Map<number, After>()
  #afterPlaces = 0
  #subject = 0
  /** How many states have been made. */
  made = 0

  readonly #scratch: Scratch
  #found: number[] = []

  /** @param which of the program's patterns, by their places in `starts` */
  constructor(program: Program, which: readonly number[] = program.starts.keys().toArray()) {
    this.#program = program
    this.#starts = Int32Array.from(which, (pattern) => program.starts[pattern]!)
    this.#columns = program.width + 1
    this.#kindOf = kindsOf(program)
    this.#scratch = scratchOf(program)
    this.#isBound = this.#beginsAtStart()
    this.#reset()
  }

  /** Where the match that ends first ends; -1 where nothing matches. */
  end(subject: string): number {
    const { classes, width } = this.#program
    const bytes = bytesOfText(subject)
    const length = subject.length
    const most = mostNewStates(this.#states.length, length)
    let table = this.#table
    let state = this.#columns
    let built = 0
    for (let at = 0; at < length; at++) {
      const column = classes[bytes[at]!]!
      let to = table[state + column]!
      if (to <= unknown) {
        if (to === unknown) {
          if (built++ > most) return this.#simulated(subject, at, this.#states[state / this.#columns]!)
          to = this.#made(state, column)
          table = this.#table
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
    let table = this.#table
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
          table = this.#table
        }
        if (to === dead) return true
        if (to < dead) {
          const reached = this.#states[~to]!
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
  #made(state: number, column: number): number {
    const root = this.#follow(this.#states[state / this.#columns]!, column)
    const to = this.#target(root, column)
    if (to === unknown) {
      this.#reset()
      return this.#target(root, column)
    }
    this.#table[state + column] = to
    return to
  }

  /** The state of what was collected, or `unknown` where there is no room for it. */
  #target(root: number, column: number): number {
    const isEnd = column === this.#program.width
    const { targets, count } = this.#scratch
    const kernel = isEnd ? none : targets.slice(0, count).sort()
    const set = isEnd ? 0 : root
    const matches = this.#found
    if (matches.length === 0 && (isEnd || (this.#isBound && kernel.length === 0 && set === 0))) return dead
    const to = this.#intern({ root: set, kernel, before: this.#kindOf[column]!, matches, seen: 0 })
    return to !== unknown && matches.length > 0 ? ~(to / this.#columns) : to
  }

  #intern(state: State): number {
    const hash = hashOf(state)
    const alike = this.#known.get(hash)
    const known = alike?.find((index) => isSame(this.#states[index]!, state))
    work.steps += makingSteps + 2 * state.kernel.length
    if (known !== undefined) return known * this.#columns
    this.made++
    const index = this.#states.length
    const made = index * this.#columns
    this.#places += state.kernel.length
    if (made + this.#columns > maxAutomatonCells || this.#places > maxAutomatonPlaces) return unknown
    if (made + this.#columns > this.#table.length) this.#enlarge()
    this.#states.push(state)
    if (alike) alike.push(index)
    else this.#known.set(hash, [index])
    return made
  }

  #enlarge(): void {
    const larger = new Int32Array(Math.min(maxAutomatonCells, Math.max(8 * this.#columns, 2 * this.#table.length)))
    larger.set(this.#table)
    this.#table = larger
  }

  /** Only the beginning is known; it is the second state, as no state has offset 0. */
  #reset(): void {
    const beginning: State = { root: 0, kernel: none, before: before.nothing, matches: [], seen: 0 }
    this.#table = new Int32Array(0)
    this.#states = [beginning]
    this.#known.clear()
    this.#places = 0
    this.#intern(beginning)
  }

  /** A subject that meets ever new states is read without making them. */
  #simulated(subject: string, from: number, begin: State): number {
    const { classes, width } = this.#program
    let state = begin
    for (let at = from; at <= subject.length; at++) {
      const column = at === subject.length ? width : classes[subject.charCodeAt(at) & 255]!
      const root = this.#follow(state, column)
      if (this.#found.length > 0) return at
      const { targets, count } = this.#scratch
      if (count === 0 && root === 0 && this.#isBound) return -1
      state = { root, kernel: targets.slice(0, count), before: this.#kindOf[column]!, matches: [], seen: 0 }
    }
    return -1
  }

  /** Collects what a byte of the class leads to from a state, without what every beginning leads to: that is answered. */
  #follow(state: State, column: number): number {
    const { root, places, matches } = this.#after(state.root, state.before, column)
    this.#begin()
    this.#found = [...matches]
    const { collected, targets, stamp } = this.#scratch
    for (let at = 0; at < places.length; at++) {
      collected[places[at]!] = stamp
      targets[at] = places[at]!
    }
    this.#scratch.count = places.length
    work.steps += places.length
    this.#visitAll(state.kernel, state.before, column)
    this.#dropCommon(places.length, this.#rootSets[root]!)
    this.#found.sort((a, b) => a - b)
    return root
  }

  /** Of what was collected from `from` on. */
  #dropCommon(from: number, common: Places): void {
    const { targets, count } = this.#scratch
    let kept = from
    for (let at = from; at < count; at++) if (!isAmong(common, targets[at]!)) targets[kept++] = targets[at]!
    this.#scratch.count = kept
  }

  /** Of what the beginnings one byte ago have led to, which is mostly the same and much. */
  #after(set: number, kind: number, column: number): After {
    const slot = (set * kinds + kind) * this.#columns + column
    const known = this.#afters.get(slot)
    if (known !== undefined) return known
    const root = this.#root(kind, column)
    this.#begin()
    this.#found = [...root.matches]
    this.#visitAll(this.#rootSets[set]!, kind, column)
    this.#dropCommon(0, this.#rootSets[root.set]!)
    const { targets, count } = this.#scratch
    const made = { root: root.set, places: targets.slice(0, count).sort(), matches: this.#found }
    this.#afterPlaces += count + 10
    if (this.#afterPlaces > maxAutomatonPlaces) {
      this.#afters.clear()
      this.#afterPlaces = count + 10
    }
    this.#afters.set(slot, made)
    return made
  }

  #root(kind: number, column: number): Root {
    const slot = column * kinds + kind
    const known = this.#roots[slot]
    if (known !== undefined) return known
    this.#begin()
    this.#found = []
    this.#visitAll(this.#starts, kind, column)
    const { targets, count } = this.#scratch
    const made = { set: this.#rootSet(targets.slice(0, count).sort()), matches: this.#found }
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

  #begin(): void {
    const scratch = this.#scratch
    scratch.count = 0
    if (scratch.stamp === 0xffffffff) {
      scratch.visited.fill(0)
      scratch.collected.fill(0)
      scratch.stamp = 0
    }
    scratch.stamp++
  }

  /** Everything that can be reached without reading. */
  #visitAll(from: Places, kind: number, column: number): void {
    const { steps, next, detail, sets, width } = this.#program
    const { visited, collected, targets, stack, stamp } = this.#scratch
    let { count } = this.#scratch
    let visits = 0
    for (let begin = 0; begin < from.length; begin++) {
      let depth = 0
      stack[depth++] = from[begin]!
      while (depth > 0) {
        const place = stack[--depth]!
        if (visited[place] === stamp) continue
        visited[place] = stamp
        visits++
        const what = steps[place]!
        if (what === step.read) {
          const to = next[place]!
          if (column === width || sets[detail[place]!]![column] === 0 || collected[to] === stamp) continue
          collected[to] = stamp
          targets[count++] = to
        } else if (what === step.fork) {
          stack[depth++] = detail[place]!
          stack[depth++] = next[place]!
        } else if (what === step.match) this.#matched(detail[place]!)
        else if (this.#holds(detail[place]!, kind, column)) stack[depth++] = next[place]!
      }
    }
    this.#scratch.count = count
    work.steps += visits * visitSteps
  }

  #matched(pattern: number): void {
    if (!this.#found.includes(pattern)) this.#found.push(pattern)
  }

  #holds(place: number, kind: number, column: number): boolean {
    const isEnd = column === this.#program.width
    const isWord = (kind === before.word) === (!isEnd && this.#kindOf[column] === before.word)
    switch (places[place]) {
      case 'start':
        return kind === before.nothing
      case 'end':
        return isEnd
      case 'lineStart':
        return kind === before.nothing || kind === before.newline
      case 'lineEnd':
        return isEnd || this.#kindOf[column] === before.newline
      case 'wordEdge':
        return !isWord
      default:
        return isWord
    }
  }

  /** Whether all patterns can begin at the start of the subject only. */
  #beginsAtStart(): boolean {
    const { steps, next, detail } = this.#program
    this.#begin()
    const { visited, stamp } = this.#scratch
    const pending = [...this.#starts]
    for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
      if (visited[place] === stamp) continue
      visited[place] = stamp
      const what = steps[place]!
      if (what === step.read || what === step.match) return false
      if (what === step.fork) pending.push(next[place]!, detail[place]!)
      else if (places[detail[place]!] !== 'start') pending.push(next[place]!)
    }
    return true
  }
}

/** Text that is no attack meets a few hundred states in all; one that goes on meeting new ones is not worth making them. */
const mostNewStates = (known: number, length: number): number =>
  known < fewStates ? fewStates + (length >> 6) : (fewStates >> 2) + (length >> 8)
const fewStates = 200

function hashOf({ root, kernel, before: kind, matches }: State): number {
  let hash = root * 31 + kind
  for (let at = 0; at < kernel.length; at++) hash = (Math.imul(hash, 0x01000193) ^ kernel[at]!) | 0
  for (const pattern of matches) hash = (Math.imul(hash, 0x01000193) ^ pattern) | 0
  return hash
}

const isSame = (a: State, b: State): boolean =>
  a.root === b.root && a.before === b.before && areSame(a.kernel, b.kernel) && areSame(a.matches, b.matches)

function areSame(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}

/** @param sorted ascending */
function isAmong(sorted: Places, wanted: number): boolean {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < wanted) low = middle + 1
    else high = middle
  }
  return sorted[low] === wanted
}

/** What a walk over a program marks; stamped instead of cleared, and one for all automata of a program. */
type Scratch = {
  readonly visited: Uint32Array
  readonly collected: Uint32Array
  readonly stack: Places
  readonly targets: Places
  stamp: number
  count: number
}

const scratches = new WeakMap<Program, Scratch>()

function scratchOf(program: Program): Scratch {
  const known = scratches.get(program)
  if (known) return known
  const size = program.steps.length
  const made = {
    visited: new Uint32Array(size),
    collected: new Uint32Array(size),
    stack: new Int32Array(2 * size + 1),
    targets: new Int32Array(size),
    stamp: 0,
    count: 0,
  }
  scratches.set(program, made)
  return made
}

/** What each class is for the assertions behind it. */
function kindsOf({ classes, width, asksWords, asksLines }: Program): Uint8Array {
  const found = new Uint8Array(width + 1).fill(before.other)
  for (let value = 0; value < 256; value++) {
    if (asksLines && value === 0x0a) found[classes[value]!] = before.newline
    else if (asksWords && /\w/.test(String.fromCharCode(value))) found[classes[value]!] = before.word
  }
  return found
}
