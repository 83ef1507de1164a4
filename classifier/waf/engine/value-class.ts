/**
 * Values that the same rules look at: which of these rules answer to one? Promises: exactly those whose first link
 * matches, for links that ask of the value alone; what was found is remembered for values that come again.
 */
import type { TransformationNode } from '../seclang/model.ts'
import type { Library } from './library.ts'
import { answers, type Check, fromOrigin, originOf, Part } from './part.ts'
import { RecentTexts } from './recent.ts'
import { nodesSeenBy, stagesOf, type Value } from './value.ts'

export class ValueClass {
  readonly #parts: readonly Part[]
  /** Asked one by one. */
  readonly #plain: readonly Check[]
  /** Places of rules that answered. */
  readonly #recent = new RecentTexts<readonly number[]>()

  constructor(checks: readonly Check[], library: Library) {
    const [patterned, plain] = parted(checks, ({ link }) => library.patternOf.has(link))
    const nodes = new Set(patterned.flatMap(({ link }) => nodesSeenBy(link)).flatMap(fromOrigin))
    const groups = Map.groupBy(nodes, (node) => originOf(node)).values()
    this.#plain = plain
    this.#parts = [...groups].map((group) => new Part(group, lookingAt(group, patterned), library))
  }

  /** Sets the places of rules that may match to 1. */
  examine(value: Value, may: Uint8Array): void {
    const known = this.#recent.get(value.text)
    if (known !== undefined) {
      for (const place of known) may[place] = 1
      return
    }
    const places: number[] = []
    const found = ({ place }: Check): void => {
      may[place] = 1
      places.push(place)
    }
    for (const part of this.#parts) part.examine(value, found)
    for (const check of this.#plain) if (isFound(check, value)) found(check)
    this.#recent.set(value.text, places)
  }
}

const lookingAt = (nodes: readonly TransformationNode[], checks: readonly Check[]): readonly Check[] =>
  checks.filter(({ link }) => nodesSeenBy(link).some((node) => nodes.includes(node)))

function isFound({ link }: Check, value: Value): boolean {
  const stages = link.multiMatch ? stagesOf(value, link.transformation) : [value.transformed(link.transformation)]
  return stages.some((text) => answers(link, text) !== link.negated)
}

function parted<T>(all: readonly T[], test: (one: T) => boolean): readonly [yes: readonly T[], no: readonly T[]] {
  return [all.filter(test), all.filter((one) => !test(one))]
}
