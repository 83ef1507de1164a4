/** What was seen: conversations, events, and the evidence behind learned rules. Plain data, no protobuf, no sockets. */
import type { Mode, Verdict } from '../policy/model.ts'
import type { Finding, Inspected } from './inspected.ts'

/** `violation`: the policy denies it, the mode lets it pass. */
export type ObservedVerdict = 'allow' | 'violation' | 'deny'

/** One access log record, decoded and parsed at the edge (`access-log.ts`). Times are epoch milliseconds. */
export type AccessRecord = {
  /** Sidecar that wrote it (authenticated node id). */
  readonly node: string
  readonly direction: 'inbound' | 'outbound'
  readonly kind: 'tcp' | 'http'
  /** `start` and `periodic` count a live connection; `end` closes it. HTTP records are always `end`. */
  readonly phase: 'start' | 'connected' | 'periodic' | 'end'
  /** Envoy's stream id: joins the records of one connection. HTTP: the incident. */
  readonly stream: string
  /** When the record was written, not after now and not more than an hour before (the decoder sees to it). */
  readonly at: number
  /** When the connection or the request began. */
  readonly startedAt: number
  readonly source: { readonly ip: string; readonly port: number }
  readonly destination: { readonly ip: string; readonly port: number }
  /** From filter state; undefined when it was not (yet) known. */
  readonly application: string | undefined
  readonly serverName: string | undefined
  /** Totals since the connection began; `connections.ts` takes the differences. */
  readonly bytesReceived: number
  readonly bytesSent: number
  /** Policy ids and results as Envoy logged them; undefined where no RBAC ran. */
  readonly enforced: { readonly rule: string; readonly denied: boolean } | undefined
  readonly shadow: { readonly rule: string; readonly denied: boolean } | undefined
  /** The connection went to the `deny` chain: no rule could ever allow this source here. */
  readonly denyChain: boolean
  /** The sniffer closed it: a greeting that the policy does not allow. */
  readonly greetingRefused: boolean
  readonly http:
    | {
        readonly method: string
        readonly path: string
        readonly host: string
        readonly status: number
        /** Our own id of the request, what a 403 tells the client (never the client's x-request-id: it can be forged). */
        readonly incident: string
        readonly grpc: string | undefined
        /** What the classifier said of it; left out where it found nothing. */
        readonly inspected?: Inspected
      }
    | undefined
  readonly flags: string
  readonly details: string
}

/** What inspection made of a request, the least first. `uninspected`: refused, because nobody could judge it. */
export const inspectionOutcomes = ['alert', 'masked', 'denied', 'uninspected'] as const
export type InspectionOutcome = (typeof inspectionOutcomes)[number]

export type ConversationKey = {
  readonly source: string
  readonly destination: string
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
  readonly application: string
  readonly verdict: ObservedVerdict
  readonly rule: string
}

/** Where something is counted: the conversation, and the mode that counted when it was judged. */
export type Place = { readonly key: ConversationKey; readonly mode: Mode }

/** Peers and requests as samples, bounded. */
export type ConversationEvidence = {
  readonly sourceIps: readonly string[]
  readonly destinationIps: readonly string[]
  /** Hosts that HTTP requests asked for. */
  readonly hosts?: readonly string[]
  /** `METHOD template` → count, bounded; the rest under `other`. */
  readonly requests: Readonly<Record<string, number>>
  /** The worst that inspection found; left out where nothing. */
  readonly inspection?: InspectionOutcome
}

export type Conversation = ConversationKey & {
  readonly mode: Mode
  readonly connections: number
  readonly requests: number
  readonly bytesReceived: number
  readonly bytesSent: number
  /** Epoch milliseconds. */
  readonly firstSeen: number
  readonly lastSeen: number
  readonly evidence: ConversationEvidence
}

export type EventKind = 'violation' | 'threat' | 'leak' | 'mismatch' | 'enforcement' | 'audit'
export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical'

export type EventPeer = {
  readonly group: string
  readonly workload: string | undefined
  readonly namespace: string | undefined
  readonly ip: string | undefined
}

/** Equal events (same everything but time, incident and trace) within 2 s are one with a count. */
export type PosternEvent = {
  /** Increasing, unique in this store. */
  readonly id: number
  readonly kind: EventKind
  readonly severity: Severity
  readonly time: number
  readonly lastTime: number
  readonly count: number
  readonly message: string
  readonly source: EventPeer | undefined
  readonly destination: EventPeer | undefined
  readonly port: number | undefined
  readonly application: string | undefined
  readonly rule: string | undefined
  readonly action: 'allowed' | 'denied' | 'masked' | undefined
  readonly mode: Mode | undefined
  /** What HTTP clients were told; `postern why <incident>` finds the event by it. */
  readonly incident: string | undefined
  readonly http: { readonly method: string; readonly path: string; readonly host: string } | undefined
  /** The decision as `decide()` explains it. */
  readonly trace: Verdict | undefined
  /** Threats and leaks: which sensor, and what it found. */
  readonly inspection?: {
    readonly sensor: string
    /** Anomaly score of the request. */
    readonly score: number
    /** Why not everything was looked at; left out where it was. */
    readonly partial?: string
    readonly findings: readonly Omit<Finding, 'kind' | 'sensor'>[]
  }
}
