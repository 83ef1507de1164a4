/**
 * Patterns that look at the same texts, asked together: each text that transformations make of a value is read once for
 * all of them (`rx/automaton.ts`), and the same reading says which transformations would change it further. A text that
 * leads the automaton astray is screened, and asked pattern by pattern.
 */
import type { Link, TransformationNode } from '../seclang/model.ts'
import { Attempt } from './attempt.ts'
import type { Library } from './library.ts'
import { nodesSeenBy, type Value } from './value.ts'

/** One rule that looks at a value: its place in the phase and its first link. */
export type Check = { readonly place: number; readonly link: Link }
type Sighting = Check & { readonly pattern: number; readonly nodes: readonly number[] }

/** A node and where its parent is in the list; what would change a text here, as a pattern of the library. */
type Stage = {
  readonly node: TransformationNode
  readonly parent: number
  readonly change: number | undefined
  /** Whether some pattern looks at it. */
  readonly isSeen: boolean
}

type Reading = {
  readonly text: string
  /** Patterns that may match, and no others do. */
  readonly suspects: ReadonlySet<number>
  readonly isCertain: (pattern: number) => boolean
  /** Whether also what would change the text is among them. */
  readonly saysChanges: boolean
}
/** Of a text that no pattern looks at. */
const unread: Reading = { text: '', suspects: new Set(), isCertain: () => true, saysChanges: false }

export class Part {
  /** Parents before their children. */
  readonly #stages: readonly Stage[]
  readonly #library: Library
  readonly #sightings = new Map<number, Sighting>()
  readonly #negated: readonly Sighting[]
  readonly #whole: Attempt
  readonly #pieces: Attempt
  #tickets: Uint32Array | undefined

  /** @param nodes of one origin, and those between them and it */
  constructor(nodes: readonly TransformationNode[], checks: readonly Check[], library: Library) {
    const sorted = nodes.toSorted((a, b) => a.depth - b.depth)
    this.#library = library
    for (const { place, link } of checks) {
      const pattern = library.patternOf.get(link)!
      const seen = nodesSeenBy(link)
      const places = sorted.flatMap((node, at) => (seen.includes(node) ? [at] : []))
      this.#sightings.set(pattern, { place, link, pattern, nodes: places })
    }
    const seen = new Set([...this.#sightings.values()].flatMap((sighting) => sighting.nodes))
    this.#stages = sorted.map((node, at) => ({
      node,
      parent: node.parent ? sorted.indexOf(node.parent) : -1,
      change: node.changes === undefined ? undefined : library.changeOf.get(node.changes),
      isSeen: seen.has(at),
    }))
    this.#negated = [...this.#sightings.values()].filter(({ link }) => link.negated)
    const changes = [...new Set(this.#stages.flatMap(({ change, parent }) => (parent < 0 ? [] : (change ?? []))))]
    const patterns = [...this.#sightings.keys(), ...changes]
    this.#whole = new Attempt(library.whole, patterns)
    this.#pieces = new Attempt(library.pieces, patterns)
  }

  examine(value: Value, found: (check: Check) => void): void {
    const readings = this.#readings(value)
    const first = readings[0]!
    if (readings.every((reading) => reading === first)) this.#tell(first, undefined, found)
    else for (const reading of new Set(readings)) if (reading !== unread) this.#tell(reading, readings, found)
  }

  /** One for each stage; stages with the same text have the same one. */
  #readings(value: Value): readonly Reading[] {
    // compared one by one: they are few, most differ in length, and a map would hash each
    const known: Reading[] = []
    const readings: Reading[] = []
    for (const { node, parent, change, isSeen } of this.#stages) {
      const before = readings[parent]
      if (before?.saysChanges && change !== undefined && !before.suspects.has(change)) {
        readings.push(before)
        continue
      }
      const text = value.transformed(node)
      let reading = known.find((other) => other.text === text)
      if (reading === undefined) {
        reading = isSeen ? this.#read(text) : unread
        if (isSeen) known.push(reading)
      }
      readings.push(reading)
    }
    return readings
  }

  /** @param readings of all stages, where they differ */
  #tell(reading: Reading, readings: readonly Reading[] | undefined, found: (check: Check) => void): void {
    const sees = ({ nodes }: Sighting): boolean => !readings || nodes.some((node) => readings[node] === reading)
    for (const pattern of reading.suspects) {
      const sighting = this.#sightings.get(pattern)
      if (sighting && !sighting.link.negated && sees(sighting) && this.#matches(reading, sighting)) found(sighting)
    }
    for (const sighting of this.#negated) if (sees(sighting) && !this.#matches(reading, sighting)) found(sighting)
  }

  #matches({ text, suspects, isCertain }: Reading, { pattern, link }: Sighting): boolean {
    return suspects.has(pattern) && (isCertain(pattern) || answers(link, text))
  }

  #read(text: string): Reading {
    const whole = this.#whole.matches(text)
    if (whole) return { text, suspects: whole, isCertain: () => true, saysChanges: true }
    const pieces = this.#pieces.matches(text)
    if (pieces) return { text, suspects: pieces, isCertain: this.#isWhole, saysChanges: true }
    return { text, suspects: this.#screened(text), isCertain: () => false, saysChanges: false }
  }

  readonly #isWhole = (pattern: number): boolean => this.#library.isWhole[pattern]!

  #screened(text: string): ReadonlySet<number> {
    const suspects = new Set<number>()
    const { screen } = this.#library
    this.#tickets ??= screen.bits([...this.#sightings.keys()])
    screen.admitted(this.#tickets, text, (pattern) => suspects.add(pattern))
    screen.forget()
    return suspects
  }
}

/** The last transformation on the way to the node that may change any value; the root where there is none. */
export function originOf(node: TransformationNode): TransformationNode {
  return node.parent === undefined || node.changes === undefined ? node : originOf(node.parent)
}

/** The node and those before it, back to its origin: they make texts that are mostly the same. */
export const fromOrigin = (node: TransformationNode): readonly TransformationNode[] =>
  node === originOf(node) ? [node] : [node, ...fromOrigin(node.parent!)]

const nobody = { expand: () => undefined }

/** Without `negated`: whether the operator finds something. */
export const answers = ({ operator }: Link, text: string): boolean => operator(text, nobody) !== undefined
