/** One value that rules look at, with what transformations made of it so far. */
import type { Link, TransformationNode } from '../seclang/model.ts'

/** What a transformation has made of a text. */
type Applied = { readonly apply: TransformationNode['apply']; readonly before: string; readonly after: string }

export class Value {
  readonly collection: string
  /** As received; undefined for a variable that has no keys. */
  readonly key: string | undefined
  readonly text: string
  #lowerKey: string | undefined
  // made when first needed: most values are looked at as they are
  #made: (string | undefined)[] | undefined
  #known: Applied[] | undefined

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
    this.#made ??= []
    const known = this.#made[node.index]
    if (known !== undefined) return known
    const before = this.transformed(node.parent)
    const after = before.length < worthKnowing ? node.apply(before) : this.#applied(node.apply, before)
    // most texts stay what they are: one object for all of them is compared and hashed once
    const made = after === before ? before : after
    this.#made[node.index] = made
    return made
  }

  #applied(apply: TransformationNode['apply'], before: string): string {
    this.#known ??= []
    const known = this.#known.find((one) => one.apply === apply && one.before === before)
    if (known) return known.after
    const after = apply(before)
    this.#known.push({ apply, before, after })
    return after
  }
}

/** From so many bytes on it is remembered what a transformation has made of a text, not only of a place in the chain. */
const worthKnowing = 200

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
