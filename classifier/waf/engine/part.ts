/**
 * Patterns that look at the same texts, asked together: each text that transformations make of a value is read once for
 * all of them (`rx/automaton.ts`), and the same reading says which transformations would change it further. A text that
 * leads the automaton astray is screened, and asked pattern by pattern.
 */
import { Automaton } from '../rx/automaton.ts'
import type { Link, TransformationNode } from '../seclang/model.ts'
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

/** What a text has. `saysChanges`: also which transformations would change it. */
type Reading = { readonly text: string; readonly matching: ReadonlySet<number>; readonly saysChanges: boolean }
/** Of a text that no pattern looks at. */
const unread: Reading = { text: '', matching: new Set(), saysChanges: false }

export class Part {
  /** Parents before their children. */
  readonly #stages: readonly Stage[]
  readonly #library: Library
  readonly #sightings = new Map<number, Sighting>()
  readonly #negated: readonly Sighting[]
  readonly #changes: readonly number[]
  #automaton: Automaton | undefined
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
    this.#changes = [...new Set(this.#stages.flatMap(({ change, parent }) => (parent < 0 ? [] : (change ?? []))))]
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
      if (before?.saysChanges && change !== undefined && !before.matching.has(change)) {
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
    const { matching } = reading
    const sees = ({ nodes }: Sighting): boolean => !readings || nodes.some((node) => readings[node] === reading)
    for (const pattern of matching) {
      const sighting = this.#sightings.get(pattern)
      if (sighting && !sighting.link.negated && sees(sighting)) found(sighting)
    }
    for (const sighting of this.#negated) if (!matching.has(sighting.pattern) && sees(sighting)) found(sighting)
  }

  #read(text: string): Reading {
    const matching = new Set<number>()
    this.#automaton ??= new Automaton(this.#library.program, [...this.#sightings.keys(), ...this.#changes])
    const isSure = this.#automaton.matches(text, (pattern) => matching.add(pattern))
    return { text, matching: isSure ? matching : this.#screened(text), saysChanges: isSure }
  }

  #screened(text: string): ReadonlySet<number> {
    const matching = new Set<number>()
    const { screen, links } = this.#library
    this.#tickets ??= screen.bits([...this.#sightings.keys()])
    screen.admitted(this.#tickets, text, (pattern) => {
      if (answers(links[pattern]!, text)) matching.add(pattern)
    })
    screen.forget()
    return matching
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
