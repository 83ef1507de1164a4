/**
 * Who can be told apart: the address space divided by groups (and by what else matters to rules), and what each part is.
 * The same groups divide it the same way for every class, so each way is worked out once.
 */
import type { Directory } from '../policy/directory.ts'
import type { Prefix } from '../policy/endpoints.ts'
import type { Blocks } from './blocks.ts'
import { managedTag, unmanagedTag } from './blocks.ts'
import type { Part } from './partition.ts'
import { partition } from './partition.ts'

/** What the members of a part have in common, as far as anything depends on it. */
export type Identity = {
  readonly kind: 'peer'
  readonly groups: readonly string[]
  /** Groups it is in only for a connection that asks for one of these names. */
  readonly named: ReadonlyMap<string, readonly string[]>
  /** Its own mode, where that can change what happens to it. */
  readonly mode: string | undefined
}

/** The sidecar at the other end decides. */
type Passing = { readonly kind: 'passing' }

type DividedPart = Part & { readonly identity: Identity | Passing }
export type Division = { readonly parts: readonly DividedPart[]; readonly addresses: number }

/** In the order that names are made of. */
export function identityParts({ groups, named, mode }: Identity): readonly string[] {
  const byName = [...named].map(([group, names]) => `${group}(${names.join(',')})`)
  return [...groups, ...byName, ...(mode === undefined ? [] : [`@${mode}`])]
}

const keyOf = (identity: Identity | Passing): string =>
  identity.kind === 'passing' ? 'passing' : `peer:${identityParts(identity).join('+')}`

type Way = { readonly seeds: readonly string[]; identify(prefix: Prefix): Identity | Passing }

const among = (groups: readonly string[], prefix: Prefix): readonly string[] =>
  groups.filter((group) => prefix.groups.includes(group))

const countsModes = ({ world }: Directory): boolean => world.policy.settings.modeResolution !== 'destination'

/** Sources: their groups and, with `basic` and `strict`, their mode. */
function bySource(directory: Directory, groups: readonly string[]): Way {
  const modes = countsModes(directory)
  return {
    seeds: modes ? [...groups, managedTag] : groups,
    identify: (prefix) => ({
      kind: 'peer',
      groups: among(groups, prefix),
      named: new Map(),
      mode: modes && prefix.workload?.managed ? directory.modeOf(prefix.groups[0]!).mode : undefined,
    }),
  }
}

function namesAt(directory: Directory, group: string, { cidr }: Prefix): readonly string[] {
  const ip = cidr.slice(0, cidr.indexOf('/'))
  return directory.namesOf(group).flatMap(({ name, addresses }) => (addresses.includes(ip) ? [name] : []))
}

/**
 * Destinations. An address of the pod network that is not known (yet) passes, too: it may be a new pod with a sidecar.
 * To tell, all pods would have to be listed in all sidecars, and changed in all of them for every new pod. Only a rule
 * that names `unknown` is worth that.
 */
function byDestination(directory: Directory, groups: readonly string[]): Way {
  const judgesUnknown = groups.includes('unknown')
  return {
    seeds: [...groups, unmanagedTag],
    identify(prefix) {
      if (prefix.workload?.managed || (prefix.kind === 'unknown' && !judgesUnknown)) return { kind: 'passing' }
      const named = groups.filter((group) => prefix.named.includes(group) && !prefix.groups.includes(group))
      return {
        kind: 'peer',
        groups: among(groups, prefix),
        named: new Map(named.map((group) => [group, namesAt(directory, group, prefix)])),
        mode: undefined,
      }
    },
  }
}

/** Replicas share one list of groups, so identities are found once per list. */
function keys({ identify }: Way) {
  const identities = new Map<string, Identity | Passing>()
  const byGroups = new Map<readonly string[], string>()
  const make = (prefix: Prefix): string => {
    const identity = identify(prefix)
    const key = keyOf(identity)
    identities.set(key, identity)
    return key
  }
  const keyAt = (prefix: Prefix): string => {
    const known = prefix.named.length > 0 ? undefined : byGroups.get(prefix.groups)
    const key = known ?? make(prefix)
    if (prefix.named.length === 0) byGroups.set(prefix.groups, key)
    return key
  }
  return { identities, keyAt }
}

function workOut(blocks: Blocks, way: Way): Division {
  const { identities, keyAt } = keys(way)
  const { parts, addresses } = partition(blocks, way.seeds, keyAt)
  return { parts: parts.map((part) => ({ ...part, identity: identities.get(part.key)! })), addresses }
}

/** Nobody is told apart. */
export function undivided(blocks: Blocks): Division {
  return workOut(blocks, {
    seeds: [],
    identify: () => ({ kind: 'peer', groups: [], named: new Map(), mode: undefined }),
  })
}

/** Ways remembered for one set of addresses; past it the memory starts anew. */
const maxRemembered = 5_000
const remembered = new WeakMap<object, Map<string, Division>>()

const ways = { from: bySource, to: byDestination } as const

/** @param groups sorted; what rules name at that end */
export function divide(
  directory: Directory,
  blocks: Blocks,
  end: keyof typeof ways,
  groups: readonly string[],
): Division {
  const place = end === 'from' && countsModes(directory) ? directory : blocks
  const known = remembered.get(place) ?? new Map<string, Division>()
  remembered.set(place, known)
  const key = [end, ...groups].join('+')
  const found = known.get(key) ?? workOut(blocks, ways[end](directory, groups))
  if (known.size >= maxRemembered) known.clear()
  known.set(key, found)
  return found
}
