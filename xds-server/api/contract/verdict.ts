/**
 * A decision with its trace, as `decide()` gives it: the model's own words, described for the wire. The handlers answer
 * with the model's objects, so a member that the two write differently does not compile there.
 */
import { z } from 'zod'
import { listOf } from './route.ts'
import { sensorBinding } from './sensor-documents.ts'

export const mode = z.enum(['discover', 'monitor', 'protect'])

const labels = z.record(z.string(), z.string())

export const workload = z.object({
  id: z.string(),
  name: z.string(),
  namespace: z.string(),
  labels,
  serviceAccount: z.string(),
  node: z.string(),
  image: z.string(),
  owner: z.object({
    kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod']),
    name: z.string(),
  }),
  ips: listOf(z.string()),
  ports: listOf(z.object({ port: z.number(), protocol: z.enum(['tcp', 'udp']), name: z.string().optional() })),
  managed: z.boolean(),
})

const groups = listOf(z.string())
const endpoint = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('workload'), ip: z.string(), workload, groups }),
  z.object({ kind: z.enum(['node', 'dns', 'external', 'unknown']), ip: z.string(), groups }),
])

const outcome = z.enum(['allow', 'deny', 'undecided'])
const miss = z.object({
  rule: z.string(),
  field: z.enum(['disabled', 'from', 'to', 'ports', 'applications', 'http']),
})

export const verdict = z.object({
  policy: outcome,
  enforced: outcome,
  rule: z.string(),
  mode: z.object({ mode, reason: z.string() }),
  decidedBy: z.enum(['destination', 'source', 'none']),
  consequence: z.enum(['none', 'learn', 'violation']),
  trace: z.object({
    source: endpoint,
    destination: endpoint,
    misses: listOf(miss),
    moreMisses: z.number().optional(),
    sensors: z.object({ waf: listOf(sensorBinding), dlp: listOf(sensorBinding) }).optional(),
  }),
})
