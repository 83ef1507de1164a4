/** `/healthz`, `/readyz`, `/metrics` over plain HTTP, beside the API server's door. Never waits. */
import type { RequestListener, ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'

export type HealthOptions = {
  readonly registry: Registry
  /** Why it is not ready; empty: it is. */
  readonly reasons: () => readonly string[]
}

export function health({ registry, reasons }: HealthOptions): RequestListener {
  const pages: Readonly<Record<string, (response: ServerResponse) => void | Promise<void>>> = {
    '/healthz': (response) => text(response, 200, 'ok'),
    '/readyz': (response) => {
      const why = reasons()
      text(response, why.length === 0 ? 200 : 503, why.length === 0 ? 'ok' : why.join('\n'))
    },
    '/metrics': async (response) => {
      response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics())
    },
  }
  return (request, response) => {
    const page = request.url ?? ''
    if (Object.hasOwn(pages, page)) void pages[page]!(response)
    else text(response, 404, 'not found')
  }
}

function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
  response.end(`${body}\n`)
}
