/**
 * From places of a program on: everything that can be reached without reading, and from there by reading one byte of a
 * class. Promises: each place is visited once in a step. Never: remembers a step; there is one walk for a program.
 */
import { before, kindsOf } from './before.ts'
import type { Places } from './place-lists.ts'
import { type Program, places, step } from './program.ts'
import { work } from './work.ts'

/** What a visit of a place costs, in steps of `work`. */
const visitSteps = 5

export class Walk {
  /** Where reading leads to: the first `count`, each once. */
  readonly targets: Places
  count = 0
  /** Patterns that matched on the way. */
  readonly found: number[] = []
  /** What each class is for the assertions behind it. */
  readonly kindOf: Uint8Array
  readonly #program: Program
  // stamped instead of cleared
  readonly #visited: Uint32Array
  readonly #collected: Uint32Array
  readonly #stack: Places
  #stamp = 0

  constructor(program: Program) {
    const size = program.steps.length
    this.#program = program
    this.kindOf = kindsOf(program)
    this.targets = new Int32Array(size)
    this.#visited = new Uint32Array(size)
    this.#collected = new Uint32Array(size)
    this.#stack = new Int32Array(2 * size + 1)
  }

  begin(): void {
    this.count = 0
    this.found.length = 0
    if (this.#stamp === 0xffffffff) {
      this.#visited.fill(0)
      this.#collected.fill(0)
      this.#stamp = 0
    }
    this.#stamp++
  }

  /** Targets that are known; `from` and `to` are places in the list. */
  collect(list: Places, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      this.#collected[list[at]!] = this.#stamp
      this.targets[this.count++] = list[at]!
    }
    work.steps += to - from
  }

  /** @param kind what was read before; @param column the class that is read, or the end */
  visit(list: Places, from: number, to: number, kind: number, column: number): void {
    const { steps, next, detail, sets, width } = this.#program
    const [visited, collected, targets, stack, stamp] = [
      this.#visited,
      this.#collected,
      this.targets,
      this.#stack,
      this.#stamp,
    ]
    let { count } = this
    let visits = 0
    for (let begin = from; begin < to; begin++) {
      let depth = 0
      stack[depth++] = list[begin]!
      while (depth > 0) {
        const place = stack[--depth]!
        if (visited[place] === stamp) continue
        visited[place] = stamp
        visits++
        const what = steps[place]!
        if (what === step.read) {
          const target = next[place]!
          if (column === width || sets[detail[place]!]![column] === 0 || collected[target] === stamp) continue
          collected[target] = stamp
          targets[count++] = target
        } else if (what === step.fork) {
          stack[depth++] = detail[place]!
          stack[depth++] = next[place]!
        } else if (what === step.match) this.#matched(detail[place]!)
        else if (this.#holds(detail[place]!, kind, column)) stack[depth++] = next[place]!
      }
    }
    this.count = count
    work.steps += visits * visitSteps
  }

  /** Leaves away those targets from the n-th on that are in the list, which is sorted. */
  drop(n: number, common: Places): void {
    let kept = n
    for (let at = n; at < this.count; at++) {
      if (!isAmong(common, this.targets[at]!)) this.targets[kept++] = this.targets[at]!
    }
    this.count = kept
  }

  sort(): void {
    this.targets.subarray(0, this.count).sort()
  }

  /** Whether all patterns that begin at these places can begin at the start of a subject only. */
  beginsAtStart(starts: Places): boolean {
    const { steps, next, detail } = this.#program
    this.begin()
    const pending = [...starts]
    for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
      if (this.#visited[place] === this.#stamp) continue
      this.#visited[place] = this.#stamp
      const what = steps[place]!
      if (what === step.read || what === step.match) return false
      if (what === step.fork) pending.push(next[place]!, detail[place]!)
      else if (places[detail[place]!] !== 'start') pending.push(next[place]!)
    }
    return true
  }

  #matched(pattern: number): void {
    if (!this.found.includes(pattern)) this.found.push(pattern)
  }

  #holds(place: number, kind: number, column: number): boolean {
    const isEnd = column === this.#program.width
    const isWord = (kind === before.word) === (!isEnd && this.kindOf[column] === before.word)
    switch (places[place]) {
      case 'start':
        return kind === before.nothing
      case 'end':
        return isEnd
      case 'lineStart':
        return kind === before.nothing || kind === before.newline
      case 'lineEnd':
        return isEnd || this.kindOf[column] === before.newline
      case 'wordEdge':
        return !isWord
      default:
        return isWord
    }
  }
}

const walks = new WeakMap<Program, Walk>()

/** One for all automata of a program. */
export function walkOf(program: Program): Walk {
  const known = walks.get(program)
  if (known) return known
  const made = new Walk(program)
  walks.set(program, made)
  return made
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
