/** Builders for tests: each states only what matters to the story, and leaves the rest ordinary. */
import { defaultSettings } from '../../xds-server/policy/defaults.ts'
import type {
  AddressGroup,
  CustomGroup,
  Flow,
  Group,
  HttpMatch,
  Inventory,
  LearnedGroup,
  PortRange,
  Rule,
  Settings,
  Workload,
  World,
} from '../../xds-server/policy/model.ts'
import type { DlpSensor, Inspection, WafSensor } from '../../xds-server/policy/sensor.ts'
import { defaultDlpBody, defaultWafBody } from '../../xds-server/policy/sensor.ts'

/** One moment for everything: tests that care about time state their own. */
export const someTime = '2026-01-01T00:00:00.000Z'

/** An address of 10.42.0.0/16 that depends on the name only. State `ips` where two names could meet. */
function addressFor(name: string): string {
  let hash = 0
  for (const char of name) hash = (hash * 31 + char.charCodeAt(0)) % 64_516
  return `10.42.${1 + Math.floor(hash / 254)}.${1 + (hash % 254)}`
}

/** `aWorkload('ui')`: pod `ui` of Deployment `ui` in namespace `yelb`, managed; its learned group is `nv.ui.yelb`. */
export function aWorkload(name: string, over: Partial<Workload> = {}): Workload {
  return {
    id: name,
    name,
    namespace: 'yelb',
    labels: {},
    serviceAccount: 'default',
    node: 'node-1',
    image: `example/${name}:1`,
    owner: { kind: 'Deployment', name },
    ips: [addressFor(name)],
    ports: [],
    managed: true,
    ...over,
  }
}

/** `aRule('nv.ui.yelb', 'nv.db.yelb', { ports: tcp(5432) })`: an allow rule whose id is `<from>-<to>`. */
export function aRule(from: string, to: string, over: Partial<Rule> = {}): Rule {
  return {
    id: `${from}-${to}`,
    comment: '',
    from,
    to,
    applications: [],
    ports: [],
    http: [],
    action: 'allow',
    disabled: false,
    origin: 'user',
    createdAt: someTime,
    updatedAt: someTime,
    ...over,
  }
}

export const tcp = (from: number, to: number = from): readonly PortRange[] => [{ protocol: 'tcp', from, to }]
export const udp = (from: number, to: number = from): readonly PortRange[] => [{ protocol: 'udp', from, to }]

export function anHttp(over: Partial<HttpMatch> = {}): HttpMatch {
  return { methods: [], paths: [], hosts: [], headers: [], grpc: [], ...over }
}

/** A custom group where `criteria` are given, an address group for `addresses`, else a learned group with its mode. */
export function aGroup(
  name: string,
  over: Partial<Omit<CustomGroup, 'kind' | 'name'>> & { criteria: CustomGroup['criteria'] },
): CustomGroup
export function aGroup(name: string, over: { addresses: AddressGroup['addresses']; comment?: string }): AddressGroup
export function aGroup(name: string, over?: Partial<Pick<LearnedGroup, 'mode' | 'comment'>>): LearnedGroup
export function aGroup(
  name: string,
  over: {
    comment?: string
    criteria?: CustomGroup['criteria']
    addresses?: AddressGroup['addresses']
    mode?: LearnedGroup['mode']
  } = {},
): Group {
  const { comment = '', criteria, addresses, mode = null } = over
  if (criteria) return { kind: 'custom', name, comment, criteria }
  return addresses ? { kind: 'address', name, comment, addresses } : { kind: 'learned', name, comment, mode }
}

/** A WAF sensor without rules. */
export function aWafSensor(name: string, over: Partial<WafSensor> = {}): WafSensor {
  return { name, comment: '', rules: [], crs: null, body: defaultWafBody, ...over }
}

/** A DLP sensor that looks for card numbers everywhere. */
export function aDlpSensor(name: string, over: Partial<DlpSensor> = {}): DlpSensor {
  const everywhere = { have: true, contexts: ['url', 'header', 'body'], atLeast: 1 } as const
  const rules = [{ name: 'card', patterns: [{ kind: 'detector', detector: 'card', ...everywhere }] }] as const
  return { name, comment: '', rules, mask: false, body: defaultDlpBody, ...over }
}

/** No sensors, failClosed. */
export function anInspection(group: string, over: Partial<Inspection> = {}): Inspection {
  return { group, waf: [], dlp: [], onFailure: 'failClosed', ...over }
}

/** Everything of a World in one flat list of what matters. Pod network 10.42.0.0/16, one node 10.0.0.1, no rules. */
export type WorldParts = Partial<Omit<Inventory, 'namespaces'>> & {
  /** Name → labels. */
  readonly namespaces?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly groups?: readonly Group[]
  readonly rules?: readonly Rule[]
  readonly settings?: Partial<Settings>
  readonly ignored?: World['policy']['ignored']
  readonly wafSensors?: World['policy']['wafSensors']
  readonly dlpSensors?: World['policy']['dlpSensors']
  readonly inspections?: World['policy']['inspections']
}

export function aWorld(parts: WorldParts = {}): World {
  const { namespaces = {}, groups = [], rules = [], settings = {}, ignored = [], ...others } = parts
  const { wafSensors = [], dlpSensors = [], inspections = [], ...inventory } = others
  return {
    inventory: {
      workloads: [],
      nodes: [{ name: 'node-1', ips: ['10.0.0.1'] }],
      podCidrs: ['10.42.0.0/16'],
      dnsServers: [],
      resolved: {},
      namespaces: Object.entries(namespaces).map(([name, labels]) => ({ name, labels })),
      ...inventory,
    },
    policy: {
      groups,
      rules,
      ignored,
      settings: { ...defaultSettings, ...settings },
      wafSensors,
      dlpSensors,
      inspections,
    },
  }
}

/** A TCP connection to port 80 between two ends: workloads (their first address) or addresses. Nothing sniffed yet. */
export function aFlow(source: Workload | string, destination: Workload | string, over: Partial<Flow> = {}): Flow {
  const ip = (end: Workload | string): string => (typeof end === 'string' ? end : end.ips[0]!)
  return { source: ip(source), destination: ip(destination), port: 80, protocol: 'tcp', ...over }
}
