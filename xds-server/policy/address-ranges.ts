/** The blocks that address groups and the pod network consist of, and which of them lie around a block. */
import type { Cidr } from './address.ts'
import { formatCidr, parseBlocks, parseCidr } from './address.ts'
import type { AddressGroup } from './model.ts'
import { prefixIndex } from './prefix-index.ts'

/** `groups`: address groups that contain it, narrowest first. `pod`: it is in the pod network. */
type Surroundings = { readonly groups: readonly string[]; readonly pod: boolean }
export type AddressRanges = {
  /** Each distinct block once; 0.0.0.0/0 and ::/0 are always among them. */
  readonly blocks: readonly Cidr[]
  covering(block: Cidr): Surroundings
}

type Range = { readonly block: Cidr; readonly groups: string[]; pod: boolean }

function collect(groups: readonly AddressGroup[], podCidrs: readonly string[]): readonly Range[] {
  const ranges = new Map<string, Range>()
  const at = (block: Cidr): Range => {
    const key = formatCidr(block)
    const range = ranges.get(key) ?? { block, groups: [], pod: false }
    ranges.set(key, range)
    return range
  }
  for (const { name, addresses } of groups) {
    for (const block of addresses.flatMap((text) => parseBlocks(text) ?? [])) at(block).groups.push(name)
  }
  for (const block of podCidrs.flatMap((text) => parseBlocks(text) ?? [])) at(block).pod = true
  for (const everything of ['0.0.0.0/0', '::/0']) at(parseCidr(everything)!)
  return [...ranges.values()]
}

/** Texts that are no addresses (host names) are left to `resolved-names.ts`. */
export function addressRanges(groups: readonly AddressGroup[], podCidrs: readonly string[]): AddressRanges {
  const ranges = collect(groups, podCidrs)
  const index = prefixIndex(ranges.map((range) => [range.block, range]))
  return {
    blocks: ranges.map((range) => range.block),
    covering(block) {
      const around = index.covering(block)
      const names = around.flatMap((range) => [...range.groups].sort())
      return { groups: [...new Set(names)], pod: around.some((range) => range.pod) }
    },
  }
}
