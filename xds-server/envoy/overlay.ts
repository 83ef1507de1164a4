/** Puts the fields of our overlay protos into the JSON descriptor of the bundled Envoy API. Pure. */

/** The part of protobufjs's JSON descriptor that merging looks at. */
export type DescriptorNode = {
  readonly nested?: Record<string, DescriptorNode>
  readonly fields?: Record<string, { id: number }>
  readonly values?: Record<string, number>
}

const numberOf = (entry: { id: number } | number) => (typeof entry === 'number' ? entry : entry.id)

/** A name with two numbers, or a number with two names, would put wrong bytes on the wire: never guess which is right. */
function mergeNumbered<T extends { id: number } | number>(
  base: Record<string, T>,
  added: Record<string, T>,
  at: string,
) {
  const taken = new Map(Object.entries(base).map(([name, entry]) => [numberOf(entry), name]))
  const merged = { ...base }
  for (const [name, entry] of Object.entries(added)) {
    const known = base[name]
    const other = taken.get(numberOf(entry)) ?? name
    if ((known !== undefined && numberOf(known) !== numberOf(entry)) || other !== name)
      throw new Error(`overlay proto disagrees with the bundled API at ${at}.${name}`)
    merged[name] = known ?? entry
  }
  return merged
}

function mergeNested(base: Record<string, DescriptorNode>, added: Record<string, DescriptorNode>, at: string) {
  const merged = { ...base }
  for (const [name, node] of Object.entries(added)) merged[name] = mergeOverlay(base[name] ?? {}, node, `${at}.${name}`)
  return merged
}

/**
 * `base` with every type, field and enum value that only `overlay` has.
 * @throws where both know a name or a number and disagree
 */
export function mergeOverlay(base: DescriptorNode, overlay: DescriptorNode, at = ''): DescriptorNode {
  return {
    ...overlay,
    ...base,
    ...(overlay.fields && { fields: mergeNumbered(base.fields ?? {}, overlay.fields, at) }),
    ...(overlay.values && { values: mergeNumbered(base.values ?? {}, overlay.values, at) }),
    ...(overlay.nested && { nested: mergeNested(base.nested ?? {}, overlay.nested, at) }),
  }
}
