/**
 * The model: what a cluster, its groups, rules and flows are, as plain immutable data. Everything else in Postern speaks
 * these words.
 *
 * The folder judges by them: who an address is (directory.ts), what becomes of a flow (decide.ts), what is learned from
 * it (learn.ts), what an edit would have changed (preview.ts), and what people may write (parse-*.ts).
 * Promises: the same inputs, the same judgement, with its reason. Never: a clock, chance, input or output, an import from
 * outside the folder; so it runs in a browser.
 */

import type { DlpSensor, Inspection, SensorBinding, WafSensor } from './sensor.ts'

/** One problem in an input: where (JSON-pointer-like path such as `rules[3].ports`) and what, in words for people. */
export type Problem = { readonly path: string; readonly message: string }
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] }

// ---------------------------------------------------------------- World

/** Who made a pod, through ownerReferences, never by its name. */
export type Owner = {
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Job' | 'CronJob' | 'Pod'
  readonly name: string
}

/** A port a workload declares (Kubernetes containerPort). A hint, never a right. */
export type DeclaredPort = { readonly port: number; readonly protocol: 'tcp' | 'udp'; readonly name?: string }

/** One pod (or one lab namespace). */
export type Workload = {
  /** Unique and stable for the pod's life: Kubernetes uid, or the lab's pod name. Also the sidecar's `node.id`. */
  readonly id: string
  readonly name: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly serviceAccount: string
  readonly node: string
  readonly image: string
  readonly owner: Owner
  /** v4 and v6, canonical text form. Empty once the pod is being deleted or has ended: addresses carry no rights over. */
  readonly ips: readonly string[]
  readonly ports: readonly DeclaredPort[]
  /** It has our sidecar. */
  readonly managed: boolean
}

export type Namespace = { readonly name: string; readonly labels: Readonly<Record<string, string>> }
export type ClusterNode = { readonly name: string; readonly ips: readonly string[] }

/** What is outside our resources: the cluster as it is. One writer (`xds-server/kubernetes/`). */
export type Inventory = {
  readonly workloads: readonly Workload[]
  readonly namespaces: readonly Namespace[]
  readonly nodes: readonly ClusterNode[]
  /** The pod network: an address in it without a workload is `unknown`. */
  readonly podCidrs: readonly string[]
  /** Addresses of the cluster's DNS servers (for the visible DNS rule). */
  readonly dnsServers: readonly string[]
  /** FQDN (lower case, no trailing dot) → the addresses it resolved to most recently. */
  readonly resolved: Readonly<Record<string, readonly string[]>>
}

// ---------------------------------------------------------------- Groups

export type CriterionKey =
  | 'image'
  | 'node'
  | 'workload'
  | 'service'
  | 'namespace'
  | 'serviceAccount'
  | `label.${string}`
  | `nsLabel.${string}`
/** `=` `!=` globs with `*` `?`; `@` contains; `^` prefix; `~` regex; `!~` not regex. */
export type CriterionOp = '=' | '!=' | '@' | '^' | '~' | '!~'
/** `service` is the owner's name. */
export type Criterion = { readonly key: CriterionKey; readonly op: CriterionOp; readonly value: string }

/**
 * Names with a meaning of their own; they are never stored. `containers`: every managed workload; `nodes`: node
 * addresses; `dns`: the cluster's DNS servers; `external`: no workload, no node, not in the pod network, no DNS server
 * (addresses of address groups included: put the narrower rule above); `unknown`: in the pod network, no workload.
 */
export const reservedGroups = ['any', 'containers', 'dns', 'external', 'nodes', 'unknown'] as const

/** Made for every owner: `nv.<owner>.<namespace>`. Only what people set on it is stored. */
export type LearnedGroup = {
  readonly kind: 'learned'
  readonly name: string
  readonly comment: string
  /** Null: the default of its namespace (`postern.dev/mode`), else `settings.newGroupMode`. */
  readonly mode: Mode | null
}
export type CustomGroup = {
  readonly kind: 'custom'
  readonly name: string
  readonly comment: string
  readonly criteria: readonly Criterion[]
}
export type AddressGroup = {
  readonly kind: 'address'
  readonly name: string
  readonly comment: string
  /** IP, CIDR, range `a-b`, FQDN or `*.example.com`. */
  readonly addresses: readonly string[]
}
/** What people store about groups. A learned group without an entry has mode null. */
export type Group = LearnedGroup | CustomGroup | AddressGroup

// ---------------------------------------------------------------- Rules

export type HeaderMatch =
  | { readonly name: string; readonly exact: string }
  | { readonly name: string; readonly prefix: string }
  | { readonly name: string; readonly present: true }

/** One alternative of a rule's `http` part; its members are ANDed, each list inside is ORed; an empty list is anything. */
export type HttpMatch = {
  readonly methods: readonly string[]
  /** Exact `/a`, prefix `/a/*` (also matches `/a`), template `/votes/{id}` (`{x}` = one non-empty segment). */
  readonly paths: readonly string[]
  /** Host names, case-insensitive, without port; `*.example.com` allowed. */
  readonly hosts: readonly string[]
  readonly headers: readonly HeaderMatch[]
  /** gRPC `package.Service/Method` or `package.Service/*`. */
  readonly grpc: readonly string[]
}

export type PortRange = { readonly protocol: 'tcp' | 'udp'; readonly from: number; readonly to: number }

export type Action = 'allow' | 'deny'
export type RuleOrigin = 'user' | 'learned' | 'imported' | 'federated' | 'default'

export type Rule = {
  readonly id: string
  readonly comment: string
  readonly from: string
  readonly to: string
  /** Application names; empty is any. */
  readonly applications: readonly string[]
  /** Empty is any. */
  readonly ports: readonly PortRange[]
  /** Alternatives; empty is any. Not empty implies application http (which includes http2 and grpc). */
  readonly http: readonly HttpMatch[]
  readonly action: Action
  readonly disabled: boolean
  readonly origin: RuleOrigin
  /** ISO 8601, UTC. */
  readonly createdAt: string
  readonly updatedAt: string
}

// ---------------------------------------------------------------- Modes and settings

export const modes = ['discover', 'monitor', 'protect'] as const
export type Mode = (typeof modes)[number]
export type ModeResolution = 'destination' | 'basic' | 'strict'

export type Settings = {
  /** Cluster-wide override of every group's mode; null leaves each its own. */
  readonly mode: Mode | null
  readonly modeResolution: ModeResolution
  readonly newGroupMode: Mode
  /**
   * What a pinned port trusts. `verify` (default): the sniffer still looks at each connection, so another protocol on
   * the port is refused. `trust`: no sniffer on client-first pinned ports; only the HTTP and TLS inspectors guard.
   */
  readonly pins: 'verify' | 'trust'
  /** Tell HTTP clients the rule id that refused them (default: only the incident id). */
  readonly revealRule: boolean
  /** Hours; null is off; at least 1. */
  readonly autoPromote: { readonly toMonitor: number | null; readonly toProtect: number | null }
}

/** A deletion that said "ignore from now on": this conversation is never learned again. */
export type IgnoredFlow = { readonly from: string; readonly to: string; readonly application: string }

/** Everything people (and the learner) decided. Kept in the store. */
export type Policy = {
  readonly groups: readonly Group[]
  /** In order; first match wins. */
  readonly rules: readonly Rule[]
  readonly settings: Settings
  readonly ignored: readonly IgnoredFlow[]
  /** People's own; the predefined ones are in `sensor.ts`. */
  readonly wafSensors: readonly WafSensor[]
  readonly dlpSensors: readonly DlpSensor[]
  /** Which groups have which sensors; each group once. */
  readonly inspections: readonly Inspection[]
}

/** The one input of `decide()` and `compile()`. */
export type World = { readonly inventory: Inventory; readonly policy: Policy }

// ---------------------------------------------------------------- Flows and verdicts

export type HttpRequest = {
  readonly method: string
  /** Normalised path without the query. */
  readonly path: string
  readonly host: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** `package.Service/Method` where it is gRPC. */
  readonly grpc?: string
}

/** One connection (or one HTTP request on it) as the policy sees it. Addresses are text; applications are names. */
export type Flow = {
  readonly source: string
  readonly destination: string
  readonly port: number
  readonly protocol: 'tcp' | 'udp'
  /** Undefined: not known yet (connect time). `unknown`: looked at, and not recognised. */
  readonly application?: string
  readonly http?: HttpRequest
  /** Server name the client asked for (SNI or Host), for outbound FQDN groups. */
  readonly serverName?: string
}

/** What an address is. */
export type Endpoint =
  | { readonly kind: 'workload'; readonly ip: string; readonly workload: Workload; readonly groups: readonly string[] }
  | { readonly kind: 'node' | 'dns' | 'external' | 'unknown'; readonly ip: string; readonly groups: readonly string[] }

export type RuleField = 'disabled' | 'from' | 'to' | 'ports' | 'applications' | 'http'
/** A rule that was looked at before the one that matched, and the first field that did not fit. */
export type Miss = { readonly rule: string; readonly field: RuleField }

export type EffectiveMode = {
  readonly mode: Mode
  /** In words: whose mode, and which setting made it so. */
  readonly reason: string
}

/** What happens: `undecided` means a rule that could match needs the application (or the request), not known yet. */
export type Outcome = 'allow' | 'deny' | 'undecided'

export type Verdict = {
  /** What the policy says, whatever the mode. */
  readonly policy: Outcome
  /** What is done: in Discover and Monitor a `deny` passes. */
  readonly enforced: Outcome
  /** Id of the rule that matched, or `default`. */
  readonly rule: string
  readonly mode: EffectiveMode
  /** Which end's sidecar decides; `none` where neither end is ours. */
  readonly decidedBy: 'destination' | 'source' | 'none'
  /** Learn it, report it, or nothing (allowed by a rule). */
  readonly consequence: 'none' | 'learn' | 'violation'
  readonly trace: {
    readonly source: Endpoint
    readonly destination: Endpoint
    /** Earlier rules between groups of these two ends, in order; at most `maxMisses` (decide.ts), then a count. */
    readonly misses: readonly Miss[]
    readonly moreMisses?: number
    /** What its requests are inspected for, where it is HTTP; left out where for nothing. */
    readonly sensors?: { readonly waf: readonly SensorBinding[]; readonly dlp: readonly SensorBinding[] }
  }
}

/** Rule id that stands for "no rule matched" everywhere: verdicts, Envoy policy ids, events. */
export const defaultRuleId = 'default'
/** Rule id of a refusal that no rule is about: HTTP on its way past sensors that must see it. */
export const uninspectedRuleId = 'uninspected'

/** Past this many addresses a sidecar gets a status instead of slow listeners. Measured: 0.24 s and 28 MB a chain trie. */
export const maxAddressesPerSidecar = 20_000
/** Past this many ports for one (source, destination, application) a learned rule says `any`. */
export const maxLearnedPorts = 20
