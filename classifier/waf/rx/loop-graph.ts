/**
 * The body of a loop as a graph of positions (Glushkov 1961), to ask whether one text can go round it in two ways: then a
 * backtracking engine may try exponentially many. Weber and Seidl, "On the degree of ambiguity of finite automata" (1991).
 */
import type { Node } from './ast.ts'
import { type ByteSet, noBytes } from './bytes.ts'

type Part = { readonly first: readonly number[]; readonly last: readonly number[]; readonly nullable: boolean }

/** An exact repetition of up to so many turns is written out; otherwise it is read as a loop, which may look ambiguous. */
const mostCopies = 8

const emptyPart: Part = { first: [], last: [], nullable: true }

export class LoopGraph {
  readonly #sets: ByteSet[] = []
  readonly #next: Set<number>[] = []
  /** Two ways from one position to another without reading anything. */
  #hasTwinEdge = false

  readonly #steps: number
  #isTooBig = false

  /** `steps`: how much work the question is worth. */
  constructor(body: Node, steps: number) {
    this.#steps = steps
    this.#loop(this.#part(body))
  }

  /** True also when the steps did not suffice to say. */
  isAmbiguous(): boolean {
    return this.#isTooBig || this.#hasTwinEdge || this.#twoWaysMeet()
  }

  #part(node: Node): Part {
    switch (node.kind) {
      case 'byte':
        return this.#position(node.set)
      case 'capture':
        return this.#part(node.of)
      case 'sequence':
        return node.parts.map((part) => this.#part(part)).reduce((a, b) => this.#joined(a, b), emptyPart)
      case 'either': {
        const options = node.options.map((option) => this.#part(option))
        return {
          first: options.flatMap(({ first }) => first),
          last: options.flatMap(({ last }) => last),
          nullable: options.some(({ nullable }) => nullable),
        }
      }
      case 'repeat': {
        if (node.min === node.max && node.max <= mostCopies) {
          const copies = Array.from({ length: node.max }, () => this.#part(node.of))
          return copies.reduce((a, b) => this.#joined(a, b), emptyPart)
        }
        const inner = this.#part(node.of)
        if (node.max > 1) this.#loop(inner)
        return node.min === 0 ? { ...inner, nullable: true } : inner
      }
      default:
        return emptyPart
    }
  }

  #position(set: ByteSet): Part {
    this.#isTooBig ||= (this.#sets.length + 1) ** 2 > this.#steps
    if (this.#isTooBig) return emptyPart
    const position = this.#sets.push(set) - 1
    this.#next.push(new Set())
    return { first: [position], last: [position], nullable: false }
  }

  #joined(a: Part, b: Part): Part {
    this.#connect(a.last, b.first)
    return {
      first: a.nullable ? [...a.first, ...b.first] : a.first,
      last: b.nullable ? [...a.last, ...b.last] : b.last,
      nullable: a.nullable && b.nullable,
    }
  }

  #loop({ first, last }: Part): void {
    this.#connect(last, first)
  }

  #connect(from: readonly number[], to: readonly number[]): void {
    for (const a of from) {
      const next = this.#next[a]!
      for (const b of to) {
        if (next.has(b)) this.#hasTwinEdge = true
        next.add(b)
      }
    }
  }

  /** Pairs of positions that the same text leads to; is there a pair apart that comes from one position and leads to one? */
  #twoWaysMeet(): boolean {
    const size = this.#sets.length
    const parents = new Map<number, number[]>()
    const queue = this.#sets.map((_, position) => position * size + position)
    const seen = new Set(queue)
    let left = this.#steps
    for (const pair of queue) {
      for (const a of this.#next[Math.floor(pair / size)]!) {
        for (const b of this.#next[pair % size]!) {
          if (left-- <= 0) return true
          if ((this.#sets[a]! & this.#sets[b]!) === noBytes) continue
          const child = a * size + b
          const isApart = a !== b
          if (isApart || pair % (size + 1) !== 0) parents.set(child, [...(parents.get(child) ?? []), pair])
          if (!seen.has(child)) {
            seen.add(child)
            queue.push(child)
          }
        }
      }
    }
    // Every pair here comes from equal positions: is there one apart that leads back to them?
    for (let position = 0; position < size; position++) {
      if (parents.get(position * size + position)?.some((pair) => pair % (size + 1) !== 0)) return true
    }
    return false
  }
}
