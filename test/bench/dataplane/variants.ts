/** What traffic goes through, as figures call it, and what is asked of each. */
import type { Gate } from '../figure.ts'
import type { Load } from './loads.ts'
import { rulesOnPort } from './worlds.ts'

/** `twin`: the plain proxy once more. */
export const variants = ['direct', 'plain', 'twin', 'sniffed', 'pinned'] as const
export type Variant = (typeof variants)[number]

/** A variant without a title is not measured with that app: HTTP on a known port is not sniffed either way. */
export const titles: Readonly<Record<Load['app'], Partial<Readonly<Record<Variant, string>>>>> = {
  redis: {
    direct: 'direct',
    plain: 'plain tcp_proxy',
    twin: 'its twin',
    sniffed: `sniffer + RBAC (${rulesOnPort} rules)`,
    pinned: `pinned + RBAC (${rulesOnPort} rules)`,
  },
  web: {
    direct: 'direct',
    plain: 'plain HCM',
    twin: 'its twin',
    sniffed: `our HCM + RBAC (${rulesOnPort} rules)`,
  },
}

/** Of requests a second on open connections, next to the plain proxy: issue 3. */
export const gates: Partial<Readonly<Record<Variant, Gate>>> = {
  sniffed: { of: 'ratio', atLeast: 0.9 },
  pinned: { of: 'ratio', atLeast: 0.95 },
}
