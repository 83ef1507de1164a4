/**
 * Patterns that look at the same texts, asked together: each text that transformations make of a value is read once for
 * all of them (`rx/automaton.ts`). A text that leads the automaton astray is screened, and asked pattern by pattern.
 */
import { Automaton } from '../rx/automaton.ts'
import type { Link, TransformationNode } from '../seclang/model.ts'
import type { Library } from './library.ts'
import { nodesSeenBy, type Value } from './value.ts'

/** One rule that looks at a value: its place in the phase and its first link. */
export type Check = { readonly place: number; readonly link: Link }
type Sighting = Check & { readonly pattern: number; readonly nodes: readonly number[] }

export class Part {
  readonly #nodes: readonly TransformationNode[]
  readonly #library: Library
  readonly #sightings = new Map<number, Sighting>()
  readonly #negated: readonly Sighting[]
  /** A value without a match of it is the same for all nodes. */
  readonly #changes: RegExp | undefined
  /** Patterns that the text at hand matches. */
  readonly #matching = new Set<number>()
  #automaton: Automaton | undefined
  #tickets: Uint32Array | undefined

  constructor(nodes: readonly TransformationNode[], checks: readonly Check[], library: Library) {
    this.#nodes = nodes
    this.#library = library
    for (const { place, link } of checks) {
      const pattern = library.patternOf.get(link)!
      const seen = nodesSeenBy(link)
      const places = nodes.flatMap((node, at) => (seen.includes(node) ? [at] : []))
      this.#sightings.set(pattern, { place, link, pattern, nodes: places })
    }
    this.#negated = this.#sightings
      .values()
      .filter(({ link }) => link.negated)
      .toArray()
    const sources = nodes.flatMap(changesOnTheWay)
    this.#changes = sources.includes(undefined) ? undefined : new RegExp([...new Set(sources)].join('|') || '(?!)')
  }

  examine(value: Value, found: (check: Check) => void): void {
    if (this.#changes && !this.#changes.test(value.text)) {
      this.#read(value.text, undefined, found)
      return
    }
    const texts = this.#nodes.map((node) => value.transformed(node))
    for (const text of new Set(texts)) this.#read(text, texts, found)
  }

  /** @param texts what each node makes of the value; undefined: this text */
  #read(text: string, texts: readonly string[] | undefined, found: (check: Check) => void): void {
    this.#match(text)
    const sees = ({ nodes }: Sighting): boolean => !texts || nodes.some((node) => texts[node] === text)
    for (const pattern of this.#matching) {
      const sighting = this.#sightings.get(pattern)!
      if (!sighting.link.negated && sees(sighting)) found(sighting)
    }
    for (const sighting of this.#negated) if (!this.#matching.has(sighting.pattern) && sees(sighting)) found(sighting)
  }

  #match(text: string): void {
    this.#automaton ??= new Automaton(this.#library.program, [...this.#sightings.keys()])
    if (this.#matching.size > 0) this.#matching.clear()
    if (this.#automaton.matches(text, this.#add)) return
    this.#matching.clear()
    const { screen, links } = this.#library
    this.#tickets ??= screen.bits([...this.#sightings.keys()])
    screen.admitted(this.#tickets, text, (pattern) => {
      if (answers(links[pattern]!, text)) this.#add(pattern)
    })
    screen.forget()
  }

  readonly #add = (pattern: number): void => {
    this.#matching.add(pattern)
  }
}

/** What changes a value between the root and the node. */
function changesOnTheWay(node: TransformationNode): readonly (string | undefined)[] {
  return node.parent ? [...changesOnTheWay(node.parent), node.changes] : []
}

/** Whether any value may be changed on the way to the node. */
export const isWild = (node: TransformationNode): boolean => changesOnTheWay(node).includes(undefined)

const nobody = { expand: () => undefined }

/** Without `negated`: whether the operator finds something. */
export const answers = ({ operator }: Link, text: string): boolean => operator(text, nobody) !== undefined
