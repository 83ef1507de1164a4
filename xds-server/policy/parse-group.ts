/** Groups as people write them. Which kind it is may be left to its members: criteria, addresses, or an `nv.` name. */
import { formatAddress, formatCidr, parseBlocks, parseCidr, parseRange } from './address.ts'
import { isHostPattern } from './fqdn.ts'
import { learnedPrefix, namespaceOf } from './group.ts'
import type { AddressGroup, CustomGroup, Group, LearnedGroup, Parsed } from './model.ts'
import { modes, reservedGroups } from './model.ts'
import type { Reader } from './parse.ts'
import { anyText, list, oneOf, optional, parseWith, required, struct, text, uniqueBy } from './parse.ts'
import { readCriteria } from './parse-criteria.ts'

/** Groups people keep something about. */
const maxGroups = 5_000
/** Entries of one address group; `maxAddressesPerSidecar` bounds what they come to. */
const maxAddresses = 2_000
/** `nv.` + a Kubernetes name (253) + `.` + a namespace (63). */
const maxGroupName = 320

/** A name a rule may use: reserved names included. */
export const groupName = text((value) => {
  if (value.startsWith(learnedPrefix) && namespaceOf(value) === undefined) {
    return { wrong: `\`${value}\` is no learned group: these are called nv.<owner>.<namespace>` }
  }
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(value)) return { value }
  return { wrong: `\`${value}\` is no group name: letters, digits and . _ - only` }
}, maxGroupName)

/** Commands and verdicts use these where a group's name could stand. */
const words: ReadonlyMap<string, string> = new Map([
  ['all', 'every group'],
  ['default', 'what holds where nothing else is said'],
])

/** What is wrong with the name of a group that is stored. */
function ownNameProblem(name: string, kind: Group['kind']): string | undefined {
  if (reservedGroups.some((r) => r === name)) return `\`${name}\` is reserved`
  if (words.has(name)) return `\`${name}\` is reserved: it stands for ${words.get(name)}`
  if (name.startsWith(learnedPrefix) === (kind === 'learned')) return undefined
  return kind === 'learned' ? 'must be nv.<owner>.<namespace>' : 'nv. is for groups that are made by themselves'
}

function ownName(kind: Group['kind']): Reader<string> {
  return (input, path, problems) => {
    const name = groupName(input, path, problems)
    const message = name === undefined ? undefined : ownNameProblem(name, kind)
    return message === undefined ? name : void problems.push({ path, message })
  }
}

/** The one spelling of an address, block, range or name. */
function canonicalEntry(value: string): string | undefined {
  const name = value.toLowerCase().replace(/\.$/, '')
  if (isHostPattern(name)) return name
  const bare = value.trim()
  if (bare.includes('-')) return parseRange(bare) && bare.split('-').map(canonicalSide).join('-')
  const cidr = parseCidr(bare)
  if (cidr === undefined) return undefined
  return bare.includes('/') ? formatCidr(cidr) : formatAddress(cidr)
}

const canonicalSide = (side: string): string => formatAddress(parseBlocks(side.trim())![0]!)

const address = text((value) => {
  const canonical = canonicalEntry(value)
  return canonical === undefined
    ? { wrong: `\`${value}\` is no address, block (10.0.0.0/8), range (10.0.0.1-10.0.0.9) or name (*.example.com)` }
    : { value: canonical }
}, 300)

const comment = optional(anyText(), '')
const kindField = <K extends Group['kind']>(kind: K) => optional<K>(oneOf([kind]), kind)

const readers: { readonly [K in Group['kind']]: Reader<Extract<Group, { kind: K }>> } = {
  learned: struct<LearnedGroup>({
    kind: kindField('learned'),
    name: required(ownName('learned')),
    comment,
    mode: optional(oneOf(modes), null),
  }),
  custom: struct<CustomGroup>({
    kind: kindField('custom'),
    name: required(ownName('custom')),
    comment,
    criteria: required(readCriteria),
  }),
  address: struct<AddressGroup>({
    kind: kindField('address'),
    name: required(ownName('address')),
    comment,
    addresses: required(list(address, maxAddresses)),
  }),
}

const isKind = (value: unknown): value is Group['kind'] => typeof value === 'string' && Object.hasOwn(readers, value)

/** The kind it says, or that its members say. */
function kindOf(input: object): Group['kind'] | undefined {
  const { kind, name } = input as { readonly kind?: unknown; readonly name?: unknown }
  if (kind !== undefined) return isKind(kind) ? kind : undefined
  if ('criteria' in input) return 'custom'
  if ('addresses' in input) return 'address'
  return typeof name === 'string' && name.startsWith(learnedPrefix) ? 'learned' : undefined
}

const readGroup: Reader<Group> = (input, path, problems) => {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return void problems.push({ path, message: 'must be an object' })
  }
  const kind = kindOf(input)
  if (kind !== undefined) return readers[kind](input, path, problems)
  return void problems.push({ path, message: 'must have criteria or addresses, or be called nv.<owner>.<namespace>' })
}

export function parseGroup(input: unknown, path = ''): Parsed<Group> {
  return parseWith(readGroup, input, path)
}

export const readGroups: Reader<readonly Group[]> = uniqueBy(list(readGroup, maxGroups), ({ name }) => name, 'name')
