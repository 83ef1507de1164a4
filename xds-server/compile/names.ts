/**
 * Every name and number that two parts must agree on: listeners, chains, tables, clusters, ports, log names, filter
 * state keys. Built and parsed here only. Names are made of what they stand for, never of positions, so that the same
 * thing keeps its name (and Envoy its connections) while things around it change.
 */
import { shortHash } from '../policy/hash.ts'

export type Direction = 'in' | 'out'

/**
 * Envoy's clusters. `postern` is the control plane: configuration and access logs over one connection; `classifier`
 * looks into HTTP, and is there only where there is one.
 */
export const clusterNames = {
  controlPlane: 'postern',
  inbound: 'inbound',
  outbound: 'outbound',
  resetter: 'resetter',
  classifier: 'classifier',
} as const

/**
 * TCP ports inside a pod. The redirect sends to the first two and leaves `probes` (in a cluster: for the kubelet) alone;
 * the others listen on loopback only.
 */
export const proxyPorts = { inbound: 15006, outbound: 15001, resetter: 15008, probes: 15020, ready: 15021 } as const

/** Where the sniffer and the chains leave what they know (`FilterStateInput` keys). */
export const filterState = {
  application: 'wasm.postern.app',
  /** Application whose greeting the sniffer refused. */
  refused: 'wasm.postern.refused',
  /** Server name the sniffer read from a TLS hello. */
  serverName: 'wasm.postern.sni',
  /** Comma-separated applications that may greet; `*` any, `-` none. */
  greetings: 'postern.greetings',
  /** Id of one HTTP request, in its log record and in the answer that refuses it. */
  incident: 'postern.incident',
} as const

/** Custom tags of access log records. */
export const logTags = { application: 'app', refused: 'refused', serverName: 'sni', incident: 'incident' } as const

/** Dynamic metadata in which the classifier says what it found: it goes with the request's log record. */
export const inspectionMetadata = 'postern.inspection'
/** Of what Envoy drops, or reads for itself, before any filter: the classifier looks at what the client wrote. */
export const headerCopies = {
  referer: 'x-postern-referer',
  connection: 'x-postern-connection',
  'transfer-encoding': 'x-postern-transfer-encoding',
} as const
/** What tells the classifier by which profile to judge, as gRPC metadata. */
export const profileHeader = 'x-postern-profile'
/** CEL texts of what the classifier is told of a request; they come back as the names of their values. */
export const requestAttributes = {
  source: 'source.address',
  protocol: 'request.protocol',
  incident: `filter_state['${filterState.incident}']`,
} as const
/** What a refusal's client may quote. */
export const incidentHeader = 'x-postern-incident'
/** RESPONSE_CODE_DETAILS of what the classifier refused: for what it found, or because it came to no verdict. */
export const refusalDetails = { waf: 'postern_waf', dlp: 'postern_dlp', noVerdict: 'postern_inspection' } as const

/** The listener of the readiness endpoint; sorts after all others. */
export const readyListener = 'status'

/** The sniffer is one resource for all chains of all sidecars. */
export const snifferName = 'sniffer'

export const logKinds = ['tcp', 'http', 'deny', 'listener'] as const
export type LogKind = (typeof logKinds)[number]
export type LogName = { readonly direction: Direction; readonly kind: LogKind }

export function logName(direction: Direction, kind: LogKind): string {
  return `${direction}|${kind}`
}

/** Undefined: not one of ours. */
export function parseLogName(text: string): LogName | undefined {
  const [direction, kind, ...rest] = text.split('|')
  const known = logKinds.find((k) => k === kind)
  if (rest.length > 0 || known === undefined || (direction !== 'in' && direction !== 'out')) return undefined
  return { direction, kind: known }
}

/** `inbound`, `outbound`, or `in|<port>` for a port that has a listener of its own. */
export function listenerName(direction: Direction, port?: number): string {
  if (port === undefined) return direction === 'in' ? 'inbound' : 'outbound'
  return `${direction}|${port}`
}

/** Past this a name is cut short and told apart by a hash: it is in every chain, table and log of Envoy. */
export const maxPeerNameLength = 80

/** Peers in no group that matters, and those their own sidecar decides about. No group can be called so. */
const restPeer = '#rest'
export const passPeer = '#pass'

/** The peers that are in exactly these groups, as far as anything depends on them. */
export function peerName(parts: readonly string[]): string {
  const name = parts.length === 0 ? restPeer : parts.join('+')
  return name.length <= maxPeerNameLength ? name : `${name.slice(0, maxPeerNameLength - 14)}~${shortHash(name)}`
}

/** What a chain takes: `tcp` anything, `tls`, HTTP by version, `http`: HTTP where a port is trusted to be something else. */
export type ChainKind = 'tcp' | 'tls' | 'http1' | 'http2' | 'http'

export function chainName(kind: ChainKind, peer: string): string {
  return `${kind}|${peer}`
}

/** The chain that resets, and the one for connections that were made to the proxy's own ports. */
export const denyChain = 'deny'
export const selfChain = 'self'
/** Outbound connections that the destination's own sidecar decides. */
export const passChain = 'pass'

/** What a chain's extension resource (ECDS) carries. */
export type TableKind = 'tcp' | 'tls' | 'http' | 'greetings' | 'inspect'

/** `in|<port or *>|<peer>|<kind>`: one table of one port and class of peers. */
export function tableName(direction: Direction, port: number | undefined, peer: string, kind: TableKind): string {
  return `${direction}|${port ?? '*'}|${peer}|${kind}`
}

/** Of a resource that says how requests are looked into. */
export const isInspectName = (name: string): boolean => name.endsWith('|inspect')

/** Replicas share a class; it is stable while they are in the same groups. */
export function className(learned: string, custom: readonly string[]): string {
  return custom.length === 0 ? learned : `${learned}~${shortHash([...custom].sort().join('\n'))}`
}

/** What a cut is remembered by (`CompileOptions.cuts`): survives a change of the workload's custom groups. */
export function chainKey(learned: string, listener: string, chain: string): string {
  return `${learned}/${listener}/${chain}`
}

/** What the control plane's certificate says, and what sidecars check, whatever address they dial. */
export const controlPlaneName = 'control-plane.postern.local'
/** The same of a classifier that is reached over TLS. */
export const classifierName = 'classifier.postern.local'
