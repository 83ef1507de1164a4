/** Sidecars and the summary of what is well and what is not. */
import { checks } from '../checks.ts'
import type { proxyRoutes } from '../contract/proxies.ts'
import type { HandlersOf } from '../handler.ts'

export const proxyHandlers: HandlersOf<typeof proxyRoutes> = {
  listProxies: ({ query, backend }) => {
    const proxies = backend.proxies()
    return { total: proxies.length, proxies: proxies.slice(query.offset, query.offset + query.limit) }
  },
  readStatus: ({ backend }) => {
    const found = checks(backend)
    return { ok: found.every((c) => c.level !== 'error'), checks: found }
  },
}
