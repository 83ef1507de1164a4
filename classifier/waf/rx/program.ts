/**
 * Patterns as one nondeterministic automaton (Thompson 1968): places with one or two successors, repetitions written out,
 * bytes that no pattern tells apart put into one class. For `automaton.ts`, which runs it.
 */
import type { Node, Place } from './ast.ts'
import { type ByteSet, byte, word, wordsOf } from './bytes.ts'

/** What a place does: read a byte, go on at two places, ask where it is, or say that the pattern has matched. */
export const step = { read: 0, fork: 1, ask: 2, match: 3 } as const

export type Program = {
  readonly steps: Uint8Array
  /** Where it goes on; of a fork the first. */
  readonly next: Int32Array
  /** Of a fork the second place, of a read the place in `sets`, of an ask that in `places`, of a match the pattern's. */
  readonly detail: Int32Array
  /** Where each pattern begins; its matches have its place in this list as their detail. */
  readonly starts: readonly number[]
  /** The class of each byte, and how many there are. */
  readonly classes: Uint8Array
  readonly width: number
  /** For each set: 1 for the classes in it. */
  readonly sets: readonly Uint8Array[]
  /** Of what was read before an assertion asks whether it is a letter, or whether it ends a line. */
  readonly asksWords: boolean
  readonly asksLines: boolean
}

export const places: readonly Place[] = ['start', 'end', 'lineStart', 'lineEnd', 'wordEdge', 'noWordEdge']

/** `mostPlaces`: patterns after it are left out (their start is -1). */
export function programOf(trees: readonly Node[], mostPlaces: number = Number.POSITIVE_INFINITY): Program {
  const writer = new Writer()
  const starts = trees.map((tree, index) =>
    writer.size + placesOf(tree) > mostPlaces ? -1 : writer.write(tree, writer.add(step.match, -1, index)),
  )
  return writer.finished(starts)
}

/** About how many places a pattern takes. */
function placesOf(node: Node): number {
  switch (node.kind) {
    case 'sequence':
      return node.parts.reduce((sum, part) => sum + placesOf(part), 0)
    case 'either':
      return node.options.reduce((sum, option) => sum + 1 + placesOf(option), 0)
    case 'repeat':
      return (1 + placesOf(node.of)) * (node.max === Number.POSITIVE_INFINITY ? node.min + 1 : node.max)
    case 'capture':
      return placesOf(node.of)
    default:
      return 1
  }
}

class Writer {
  readonly #steps: number[] = []
  readonly #next: number[] = []
  readonly #detail: number[] = []
  /** By their text: a map of large integers only looks at their last 64 bits, where all letters are alike. */
  readonly #sets = new Map<string, { readonly set: ByteSet; readonly place: number }>()
  readonly #asked = new Set<Place>()

  get size(): number {
    return this.#steps.length
  }

  add(what: number, next: number, detail: number): number {
    this.#next.push(next)
    this.#detail.push(detail)
    return this.#steps.push(what) - 1
  }

  /** From the end to the beginning: answers where the node begins, given what follows it. */
  write(node: Node, after: number): number {
    switch (node.kind) {
      case 'empty':
        return after
      case 'byte':
        return this.add(step.read, after, this.#set(node.set))
      case 'capture':
        return this.write(node.of, after)
      case 'sequence':
        return node.parts.reduceRight((next, part) => this.write(part, next), after)
      case 'either':
        return node.options
          .map((option) => this.write(option, after))
          .reduceRight((second, first) => this.add(step.fork, first, second))
      case 'repeat':
        return this.#repeat(node, after)
      case 'assertion':
        this.#asked.add(node.place)
        return this.add(step.ask, after, places.indexOf(node.place))
    }
  }

  #repeat({ of, min, max }: { of: Node; min: number; max: number }, after: number): number {
    let begin = after
    if (max === Number.POSITIVE_INFINITY) {
      begin = this.add(step.fork, -1, after)
      this.#next[begin] = this.write(of, begin)
    } else for (let turn = min; turn < max; turn++) begin = this.add(step.fork, this.write(of, begin), after)
    for (let turn = 0; turn < min; turn++) begin = this.write(of, begin)
    return begin
  }

  #set(set: ByteSet): number {
    const name = set.toString(32)
    const known = this.#sets.get(name)
    if (known !== undefined) return known.place
    const place = this.#sets.size
    this.#sets.set(name, { set, place })
    return place
  }

  finished(starts: readonly number[]): Program {
    const sets = [...this.#sets.values()].map(({ set }) => membersOf(set))
    const asksWords = this.#asked.has('wordEdge') || this.#asked.has('noWordEdge')
    const asksLines = this.#asked.has('lineStart') || this.#asked.has('lineEnd')
    const asked = [...(asksWords ? [word] : []), ...(asksLines ? [byte(0x0a)] : [])]
    const { classes, width } = classesOf([...sets, ...asked.map(membersOf)])
    return {
      steps: Uint8Array.from(this.#steps),
      next: Int32Array.from(this.#next),
      detail: Int32Array.from(this.#detail),
      starts,
      classes,
      width,
      sets: sets.map((members) => ofClasses(members, classes, width)),
      asksWords,
      asksLines,
    }
  }
}

/** 1 for each byte of the set. */
function membersOf(set: ByteSet): Uint8Array {
  const parts = wordsOf(set)
  return Uint8Array.from({ length: 256 }, (_, value) => (parts[value >> 5]! >>> (value & 31)) & 1)
}

/** Bytes that are together in every set are one class. */
function classesOf(sets: readonly Uint8Array[]): { classes: Uint8Array; width: number } {
  const classes = new Uint8Array(256)
  let width = 1
  for (const members of sets) {
    const moved = new Map<number, number>()
    const stays = new Set<number>()
    for (let value = 0; value < 256; value++) if (members[value] === 0) stays.add(classes[value]!)
    for (let value = 0; value < 256; value++) {
      const before = classes[value]!
      if (members[value] === 0 || !stays.has(before)) continue
      if (!moved.has(before)) moved.set(before, width++)
      classes[value] = moved.get(before)!
    }
  }
  return { classes, width }
}

function ofClasses(members: Uint8Array, classes: Uint8Array, width: number): Uint8Array {
  const made = new Uint8Array(width)
  for (let value = 0; value < 256; value++) made[classes[value]!] = members[value]!
  return made
}
