/**
 * The three addresses every server of ours answers: `/healthz` (the process lives), `/readyz` (it can do its work, with
 * each check by name), `/metrics` (Prometheus text). Never waits: checks are functions that know their answer.
 */
import { type Response, Router } from 'express'
import type { Registry } from 'prom-client'

/** One thing that must be well for the server to be ready. */
export type HealthCheck = { readonly name: string; readonly ok: boolean; readonly detail: string }

export type HealthOptions = {
  readonly registry: Registry
  /** Asked at each `/readyz`; ready when all are ok. */
  readonly checks: () => readonly HealthCheck[]
}

/** A router to mount at the root of a server. */
export function health({ registry, checks }: HealthOptions): Router {
  const router = Router()
  router.get('/healthz', (_, response) => text(response, 200, 'ok\n'))
  router.get('/readyz', (_, response) => {
    const results = checks()
    text(response, results.every((r) => r.ok) ? 200 : 503, results.map(line).join(''))
  })
  router.get('/metrics', async (_, response) => {
    response.set('Content-Type', registry.contentType).end(await registry.metrics())
  })
  return router
}

const line = (check: HealthCheck): string => `${check.ok ? '[+]' : '[-]'} ${check.name}: ${check.detail}\n`

function text(response: Response, status: number, body: string): void {
  response.status(status).set({ 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' }).end(body)
}
