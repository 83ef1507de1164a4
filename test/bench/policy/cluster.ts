/** A large cluster with a policy as its people might have grown it. Made of numbers only: the same at every run. */
import type { ApplicationName } from '../../../xds-server/policy/applications.ts'
import { defaultRules } from '../../../xds-server/policy/defaults.ts'
import type { Flow, Group, Rule, Workload, World } from '../../../xds-server/policy/model.ts'
import { aFlow, aGroup, anHttp, aRule, aWorkload, aWorld, someTime, tcp } from '../../support/builders.ts'

export const size = { groups: 500, customGroups: 40, addressGroups: 10, rules: 5_000, pods: 10_000 } as const

const owners = size.groups - size.customGroups - size.addressGroups
const namespaces = 25

/** Numbers from 0 to `below`, one after another (mulberry32). */
type Dice = (below: number) => number
function dice(seed: number): Dice {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** What services usually speak, and where. */
const services: readonly (readonly [ApplicationName, number])[] = [
  ['http', 80],
  ['http', 8080],
  ['http', 9090],
  ['grpc', 9000],
  ['postgresql', 5432],
  ['mysql', 3306],
  ['redis', 6379],
  ['kafka', 9092],
  ['mongodb', 27017],
  ['tls', 443],
]

const ownerOf = (pod: number): number => pod % owners
const namespaceOf = (owner: number): string => `ns${owner % namespaces}`
const learnedGroup = (owner: number): string => `nv.app${owner}.${namespaceOf(owner)}`

function aPod(_: unknown, pod: number): Workload {
  const owner = ownerOf(pod)
  return aWorkload(`app${owner}-${Math.floor(pod / owners)}`, {
    namespace: namespaceOf(owner),
    owner: { kind: 'Deployment', name: `app${owner}` },
    labels: { app: `app${owner}`, tier: `tier${owner % 5}`, team: `team${owner % size.customGroups}` },
    ips: [`10.42.${pod >> 8}.${pod & 255}`],
  })
}

function groups(): readonly Group[] {
  const custom = Array.from({ length: size.customGroups }, (_, i) =>
    aGroup(`team${i}`, { criteria: [{ key: 'label.team', op: '=', value: `team${i}` }] }),
  )
  const addresses = Array.from({ length: size.addressGroups }, (_, i) =>
    aGroup(`partner${i}`, { addresses: [`192.168.${i}.0/24`, `172.16.${i}.1-172.16.${i}.99`] }),
  )
  return [...custom, ...addresses]
}

/** Of ten rules eight were learned (owner to owner, application and port), the others were written by hand. */
function ruleAt(i: number, roll: Dice): Rule {
  const [from, to] = [learnedGroup(roll(owners)), learnedGroup(roll(owners))]
  const [application, port] = services[roll(services.length)]!
  const id = `r${i}`
  const service = { id, applications: [application], ports: tcp(port) }
  if (i % 10 === 0) return aRule(`team${roll(size.customGroups)}`, to, service)
  if (i % 10 === 1) return aRule(`partner${roll(size.addressGroups)}`, to, { id, action: 'deny', ports: tcp(1, 1_023) })
  if (application !== 'http' || i % 3 > 0) return aRule(from, to, { ...service, origin: 'learned' })
  const http = [anHttp({ methods: ['GET'], paths: [`/api/v${roll(3)}/*`, '/orders/{id}'] })]
  return aRule(from, to, { ...service, http })
}

/** Everything in Protect. */
export function aLargeCluster(): World {
  const roll = dice(1)
  return aWorld({
    workloads: Array.from({ length: size.pods }, aPod),
    namespaces: Object.fromEntries(Array.from({ length: namespaces }, (_, i) => [`ns${i}`, {}])),
    groups: groups(),
    rules: [...defaultRules(someTime), ...Array.from({ length: size.rules }, (_, i) => ruleAt(i, roll))],
    settings: { mode: 'protect' },
  })
}

/** Between any two pods, on ports that services use. */
export function flowsIn({ inventory }: World, count: number): readonly Flow[] {
  const roll = dice(2)
  const anyPod = () => inventory.workloads[roll(inventory.workloads.length)]!
  return Array.from({ length: count }, () => {
    const [application, port] = services[roll(services.length)]!
    return aFlow(anyPod(), anyPod(), { application, port })
  })
}
