/**
 * The API of one control plane: `/api/v1` by the contract, `/healthz`, `/readyz`, `/metrics`. Today it listens on a unix
 * socket whose mode (0600) is the authentication; `author` is where a verified user comes in when it opens to a network.
 * Never writes memory: every change is a resource in the store, and the control plane follows the store.
 */
import express, { type Express, type Request } from 'express'
import type { Registry } from 'prom-client'
import type { Backend } from './backend.ts'
import { routes } from './contract.ts'
import type { HandlersOf } from './handler.ts'
import { health } from './health.ts'
import { mount, problemAnswer } from './mount.ts'
import { notFound } from './problem.ts'
import { classifierHandlers } from './routes/classifiers.ts'
import { groupHandlers } from './routes/groups.ts'
import { historyHandlers } from './routes/history.ts'
import { observedHandlers } from './routes/observed.ts'
import { proxyHandlers } from './routes/proxies.ts'
import { ruleHandlers } from './routes/rules.ts'
import { sensorAndInspectionHandlers } from './routes/sensors.ts'
import { settingsHandlers } from './routes/settings.ts'
import { transferHandlers } from './routes/transfer.ts'
import { whyHandlers } from './routes/why.ts'

export type ApiOptions = {
  readonly backend: Backend
  readonly registry: Registry
  /** Hears of errors that are defects; the caller is told only that there was one. */
  readonly onError: (error: unknown, request: { readonly method: string; readonly path: string }) => void
  /** Who asks, for the history; by default what the CLI says of itself. */
  readonly author?: (request: Request) => string
}

const handlers: HandlersOf<typeof routes> = {
  ...groupHandlers,
  ...ruleHandlers,
  ...sensorAndInspectionHandlers,
  ...settingsHandlers,
  ...observedHandlers,
  ...whyHandlers,
  ...proxyHandlers,
  ...historyHandlers,
  ...transferHandlers,
  ...classifierHandlers,
}

/** An express application, to be given to `listenOnSocket`. */
export function createApi({ backend, registry, onError, author = saidAuthor }: ApiOptions): Express {
  const app = express()
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple')
  app.use(health({ registry, checks: () => backend.health() }))
  app.use('/api/v1', mount(routes, handlers, { backend, author }))
  app.use((request) => {
    throw notFound(`page ${request.path.slice(0, 200)}`)
  })
  app.use(problemAnswer(onError))
  return app
}

/**
 * `cli:<user>` from the header `Postern-Author`. It informs and proves nothing: whoever may open the socket may do
 * everything, under any name.
 */
function saidAuthor(request: Request): string {
  const said = request.get('postern-author') ?? ''
  return /^[\w.@+-]{1,64}$/.test(said) ? `cli:${said}` : 'cli:unknown'
}
