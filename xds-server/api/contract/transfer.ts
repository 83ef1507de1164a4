/** The whole policy as one document, out and in, and what a draft would have changed in the last hour. */
import { z } from 'zod'
import { policyDocument } from './documents.ts'
import { change } from './problem.ts'
import { documentNames, flag, listOf, route } from './route.ts'
import { verdict } from './verdict.ts'

const draft = z.record(z.string(), z.unknown())

const flow = z.object({
  source: z.string(),
  destination: z.string(),
  port: z.number(),
  protocol: z.enum(['tcp', 'udp']),
  application: z.string().optional(),
  http: z
    .object({
      method: z.string(),
      path: z.string(),
      host: z.string(),
      headers: z.record(z.string(), z.string()),
      grpc: z.string().optional(),
    })
    .optional(),
  serverName: z.string().optional(),
})

/** Conversations, and the connections or requests they were made of. */
const counted = z.object({ conversations: z.number(), connections: z.number() })

export const previewedChange = z.object({
  flow,
  /** Connections, or requests, of the last hour. */
  count: z.number(),
  before: verdict,
  after: verdict,
})

export const transferRoutes = {
  exportPolicy: route({
    method: 'GET',
    path: '/policy',
    summary: 'Everything people decided; `Accept: application/yaml` gives what an import takes',
    answer: policyDocument,
    documents: documentNames,
  }),
  importPolicy: route({
    method: 'PUT',
    path: '/policy',
    summary: 'The whole policy: judged completely before anything is written; parts left out stay as they are',
    query: z.strictObject({ dryRun: flag }),
    body: draft,
    answer: z.object({ saved: z.boolean(), changes: listOf(change) }),
    documents: documentNames,
    writes: true,
    bulk: true,
  }),
  previewPolicy: route({
    method: 'POST',
    path: '/preview',
    summary:
      'Which conversations of the last hour a draft would have decided otherwise; parts left out stay as they are',
    body: draft,
    answer: z.object({
      /** Recorded conversations that were tried. */
      tried: z.number(),
      /** Would be refused, and were not. */
      denied: counted,
      /** Would be violations that the mode lets pass, and were none. */
      violations: counted,
      /** Would be let in, and were refused. */
      allowed: counted,
      /** Whose verdict changes, the gravest and most frequent first; at most 1,000. */
      changes: listOf(previewedChange),
    }),
    bulk: true,
  }),
}
