/** Every app of the lab. Adding one is adding a file and a line. */
import { LabError } from '../error.ts'
import type { App } from './app.ts'
import { coredns } from './coredns.ts'
import { external } from './external.ts'
import { legacy } from './legacy.ts'
import { redisServer } from './redis-server.ts'
import { ubuntu } from './ubuntu.ts'
import { yelbAppserver } from './yelb-appserver.ts'
import { yelbDb } from './yelb-db.ts'
import { yelbUi } from './yelb-ui.ts'

/** Addresses are given in this order. */
export const catalogue: readonly App[] = [
  coredns,
  yelbUi,
  yelbAppserver,
  redisServer,
  yelbDb,
  ubuntu,
  legacy,
  external, // the outside: always the last, it has no address of the pod network
]

/** @throws LabError `bad-argument` */
export function appNamed(name: string): App {
  const found = catalogue.find((app) => app.name === name)
  if (found !== undefined) return found
  throw new LabError('bad-argument', `no app ${name}: there are ${catalogue.map((app) => app.name).join(', ')}`)
}

/** Pod `n`, from 1. The outside is one thing and has no number. */
export function podName(app: App, n: number): string {
  return app.sidecar === 'outside' ? app.name : `${app.name}-${n}`
}

/** Who runs commands in the node's namespace. */
export const nodeUser = { namespace: '', uid: 14769, user: 'node' } as const
