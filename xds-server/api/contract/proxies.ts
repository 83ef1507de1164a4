/** The sidecars as the xDS server sees them, and the summary behind `postern check`. */
import { z } from 'zod'
import { listOf, page, route } from './route.ts'

export const proxy = z.object({
  workload: z.string(),
  class: z.string(),
  connected: z.boolean(),
  /** Of Envoy; empty until it said so. */
  version: z.string(),
  /** Epoch milliseconds: connected since, or last seen; 0: never. */
  since: z.number(),
  /** Resources sent and not yet acknowledged. */
  pending: z.number(),
  /** How long the oldest of them has waited; 0 when everything is acknowledged. */
  lagMs: z.number(),
  /** Resources it refused and has not since accepted. */
  rejected: listOf(z.object({ resource: z.string(), rules: listOf(z.string()), message: z.string(), at: z.number() })),
})

export const check = z.object({
  /** Stable: documentation anchors use it. */
  id: z.string(),
  level: z.enum(['ok', 'warning', 'error']),
  title: z.string(),
  /** One line each; at most 20, the last says how many more. */
  details: listOf(z.string()),
  hint: z.string(),
})

export const proxyRoutes = {
  listProxies: route({
    method: 'GET',
    path: '/proxies',
    summary: 'Sidecars by workload id',
    query: z.strictObject({ ...page(1_000, 10_000) }),
    answer: z.object({ total: z.number(), proxies: listOf(proxy) }),
  }),
  readStatus: route({
    method: 'GET',
    path: '/status',
    summary: 'Is everything well? Named checks with what to do; `ok` while none is an error',
    answer: z.object({ ok: z.boolean(), checks: listOf(check) }),
  }),
}
