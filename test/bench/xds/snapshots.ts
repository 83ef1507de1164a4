/**
 * What the bench publishes: groups of 20 sidecars, one class each. `shared`: Postern's way, rule tables as ECDS resources.
 * `each`: the straightforward way, every sidecar with a listener of its own that carries the rules.
 */
import type { ClassSnapshot, Compiled, Message, Resource } from '../../../xds-server/compile/model.ts'

export type Shape = 'shared' | 'each'
export const groupSize = 20
const rulesPerTable = 50
const listenersPerClass = 6

const extensions = 'type.googleapis.com/envoy.extensions.'
const groupOf = (sidecar: number): number => Math.floor(sidecar / groupSize)
export const podName = (sidecar: number): string => `pod-${sidecar}`
/** The extensions a sidecar asks for. */
export const extensionsOf = (sidecar: number, shape: Shape): readonly string[] =>
  shape === 'shared' ? ['rbac/all', `rbac/${groupOf(sidecar)}`] : []

const input = (name: string, fields: Message = {}): Message => ({
  name,
  typed_config: { '@type': `${extensions}matching.common_inputs.network.v3.${name}`, ...fields },
})
const equals = (what: Message, exact: string): Message => ({
  single_predicate: { input: what, value_match: { exact } },
})

/** A rule table as the compiler makes them: application and port, 50 rules, about 17 KB. `revision` is in one of them. */
function table(revision: number): Message {
  const matchers = Array.from({ length: rulesPerTable }, (_, index) => ({
    predicate: {
      and_matcher: {
        predicate: [
          equals(input('FilterStateInput', { key: 'wasm.postern.app' }), 'redis'),
          equals(input('DestinationPortInput'), String(index === 0 ? 10_000 + (revision % 50_000) : 6000 + index)),
        ],
      },
    },
    on_match: {
      action: {
        name: 'action',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.config.rbac.v3.Action',
          name: `rule-${index}`,
          action: 'ALLOW',
        },
      },
    },
  }))
  return {
    '@type': `${extensions}filters.network.rbac.v3.RBAC`,
    stat_prefix: 'rbac',
    matcher: { matcher_list: { matchers } },
  }
}

const cluster: Resource = {
  type: 'cluster',
  name: 'app',
  rules: [],
  body: { name: 'app', type: 'ORIGINAL_DST', lb_policy: 'CLUSTER_PROVIDED' },
}

const extension = (name: string, revision: number): Resource => ({
  type: 'extension',
  name,
  rules: [`rule-of-${name}`],
  body: { name, typed_config: table(revision) },
})

function listener(owner: string, port: number, rbac: Message): Resource {
  const name = `in|${port}`
  const tcp = { '@type': `${extensions}filters.network.tcp_proxy.v3.TcpProxy`, stat_prefix: owner, cluster: 'app' }
  const address = { socket_address: { address: '0.0.0.0', port_value: port } }
  const filters = [rbac, { name: 'tcp', typed_config: tcp }]
  const body = { name, address, bind_to_port: false, filter_chains: [{ name: owner, filters }] }
  return { type: 'listener', name, rules: [], body }
}

const discovered = (name: string): Message => ({
  name,
  config_discovery: {
    config_source: { ads: {}, resource_api_version: 'V3' },
    type_urls: [`${extensions}filters.network.rbac.v3.RBAC`],
    default_config: { '@type': `${extensions}filters.network.rbac.v3.RBAC`, stat_prefix: 'default', rules: {} },
  },
})

const ports = Array.from({ length: listenersPerClass }, (_, index) => 8000 + index)
const snapshot = (key: string, resources: readonly Resource[]): ClassSnapshot => ({
  key,
  learned: key,
  resources,
  rights: [],
})

/** Keeps what an edit does not touch: the compiler memoises too. */
export function createFleetSnapshots(sidecars: number, shape: Shape) {
  const groups = Math.ceil(sidecars / groupSize)
  const classOf = new Map(
    Array.from({ length: sidecars }, (_, index) => [
      podName(index),
      shape === 'shared' ? `g${groupOf(index)}` : podName(index),
    ]),
  )
  const compiled = (snapshots: readonly ClassSnapshot[]): Compiled => ({
    classes: new Map(snapshots.map((each) => [each.key, each])),
    classOf,
    prefixes: [],
    status: [],
    inspection: { wafSensors: [], dlpSensors: [], profiles: [] },
  })
  const listeners = Array.from({ length: groups }, (_, group) =>
    ports.map((port) => listener(`g${group}`, port, discovered('rbac/all'))),
  )
  let all = extension('rbac/all', 0)
  const own = Array.from({ length: groups }, (_, group) => extension(`rbac/${group}`, 0))
  const groupSnapshot = (group: number) => snapshot(`g${group}`, [cluster, all, own[group]!, ...listeners[group]!])
  const snapshots = own.map((_, group) => groupSnapshot(group))

  return {
    /** An edit of a rule that every sidecar has. */
    editAll(revision: number): Compiled {
      if (shape === 'each')
        return compiled(
          Array.from({ length: sidecars }, (_, index) =>
            snapshot(podName(index), [
              cluster,
              listener(podName(index), 8000, { name: 'rbac', typed_config: table(revision) }),
            ]),
          ),
        )
      all = extension('rbac/all', revision)
      snapshots.forEach((_, group) => {
        snapshots[group] = groupSnapshot(group)
      })
      return compiled(snapshots)
    },
    /** An edit of a rule that one group has. */
    editGroup(revision: number): Compiled {
      const group = revision % groups
      own[group] = extension(`rbac/${group}`, revision)
      snapshots[group] = groupSnapshot(group)
      return compiled(snapshots)
    },
  }
}
