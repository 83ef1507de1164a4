/** One value that rules look at, with what transformations made of it so far. */
import type { Link, TransformationNode } from '../seclang/model.ts'

export class Value {
  readonly collection: string
  /** As received; undefined for a variable that has no keys. */
  readonly key: string | undefined
  readonly text: string
  #lowerKey: string | undefined
  readonly #made: (string | undefined)[] = []

  constructor(collection: string, key: string | undefined, text: string) {
    this.collection = collection
    this.key = key
    this.text = text
  }

  get lowerKey(): string {
    this.#lowerKey ??= (this.key ?? '').toLowerCase()
    return this.#lowerKey
  }

  /** `ARGS:name`, as in MATCHED_VAR_NAME. */
  get name(): string {
    return this.key === undefined ? this.collection : `${this.collection}:${this.key}`
  }

  transformed(node: TransformationNode): string {
    if (node.parent === undefined) return this.text
    const known = this.#made[node.index]
    if (known !== undefined) return known
    const before = this.transformed(node.parent)
    const after = node.apply(before)
    // most texts stay what they are: one object for all of them is compared and hashed once
    const made = after === before ? before : after
    this.#made[node.index] = made
    return made
  }
}

/** The value itself and after each transformation that changed it: what `multiMatch` looks at. */
export function stagesOf(value: Value, node: TransformationNode): readonly string[] {
  const before = node.parent ? stagesOf(value, node.parent) : []
  const text = value.transformed(node)
  return before.at(-1) === text ? before : [...before, text]
}

/** The nodes whose texts a link looks at. */
export function nodesSeenBy({ transformation, multiMatch }: Link): readonly TransformationNode[] {
  if (!multiMatch || transformation.parent === undefined) return [transformation]
  const nodes: TransformationNode[] = []
  for (let node: TransformationNode | undefined = transformation; node; node = node.parent) nodes.push(node)
  return nodes
}
