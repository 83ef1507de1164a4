/** What was seen: conversations, the graph of groups, events. Times are epoch milliseconds. */
import { z } from 'zod'
import { listOf, nameText, page, route, wholeNumber } from './route.ts'
import { mode, verdict } from './verdict.ts'

const observedVerdict = z.enum(['allow', 'violation', 'deny'])
const protocol = z.enum(['tcp', 'udp'])
const time = wholeNumber(0, Number.MAX_SAFE_INTEGER)
const port = wholeNumber(1, 65_535)

export const conversation = z.object({
  source: z.string(),
  destination: z.string(),
  protocol,
  port: z.number(),
  application: z.string(),
  verdict: observedVerdict,
  rule: z.string(),
  mode,
  connections: z.number(),
  requests: z.number(),
  bytesReceived: z.number(),
  bytesSent: z.number(),
  firstSeen: z.number(),
  lastSeen: z.number(),
  evidence: z.object({
    sourceIps: listOf(z.string()),
    destinationIps: listOf(z.string()),
    requests: z.record(z.string(), z.number()),
    inspection: z.enum(['alert', 'masked', 'denied', 'uninspected']).optional(),
  }),
})

/** All given parts must fit. */
const conversationFilter = {
  source: nameText.optional(),
  destination: nameText.optional(),
  /** Either end. */
  group: nameText.optional(),
  application: nameText.optional(),
  port: port.optional(),
  verdict: observedVerdict.optional(),
  rule: nameText.optional(),
  /** Seen at or after. */
  since: time.optional(),
}

const edge = z.object({
  source: z.string(),
  destination: z.string(),
  /** Connections by verdict. */
  verdicts: z.object({ allow: z.number(), violation: z.number(), deny: z.number() }),
  /** `application/port`, `application/udp/port`, sorted. */
  entries: listOf(z.string()),
  connections: z.number(),
  requests: z.number(),
  bytesReceived: z.number(),
  bytesSent: z.number(),
  lastSeen: z.number(),
})
const node = z.object({
  name: z.string(),
  kind: z.enum(['learned', 'custom', 'address', 'reserved']),
  mode: mode.nullable(),
  members: z.number(),
})

const peer = z.object({
  group: z.string(),
  workload: z.string().optional(),
  namespace: z.string().optional(),
  ip: z.string().optional(),
})
/** One thing that a sensor found; never holds the value. */
const finding = z.object({
  rule: z.string(),
  severity: z.enum(['critical', 'error', 'warning', 'notice']),
  message: z.string(),
  where: z.string(),
  sample: z.string().optional(),
})
export const eventKind = z.enum(['violation', 'threat', 'leak', 'mismatch', 'enforcement', 'audit'])
export const severity = z.enum(['info', 'low', 'medium', 'high', 'critical'])
export const event = z.object({
  id: z.number(),
  kind: eventKind,
  severity,
  time: z.number(),
  lastTime: z.number(),
  count: z.number(),
  message: z.string(),
  source: peer.optional(),
  destination: peer.optional(),
  port: z.number().optional(),
  application: z.string().optional(),
  rule: z.string().optional(),
  action: z.enum(['allowed', 'denied', 'masked']).optional(),
  mode: mode.optional(),
  incident: z.string().optional(),
  http: z.object({ method: z.string(), path: z.string(), host: z.string() }).optional(),
  trace: verdict.optional(),
  inspection: z
    .object({ sensor: z.string(), score: z.number(), partial: z.string().optional(), findings: listOf(finding) })
    .optional(),
})

export const observedRoutes = {
  listConversations: route({
    method: 'GET',
    path: '/conversations',
    summary: 'Conversations of the last hour, busiest first',
    query: z.strictObject({ ...conversationFilter, ...page(1_000, 10_000) }),
    answer: z.object({ total: z.number(), conversations: listOf(conversation) }),
  }),
  readGraph: route({
    method: 'GET',
    path: '/graph',
    summary: 'Groups that spoke and the edges between them, aggregated from the same conversations',
    query: z.strictObject(conversationFilter),
    answer: z.object({ nodes: listOf(node), edges: listOf(edge) }),
  }),
  listEvents: route({
    method: 'GET',
    path: '/events',
    summary: 'Events, newest first',
    query: z.strictObject({
      kind: eventKind.optional(),
      severity: severity.optional(),
      /** Either end. */
      group: nameText.optional(),
      rule: nameText.optional(),
      incident: nameText.optional(),
      since: time.optional(),
      until: time.optional(),
      /** Older than this event: the next page. */
      before: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional(),
      limit: wholeNumber(1, 1_000).default(100),
    }),
    answer: z.object({ events: listOf(event) }),
  }),
}
