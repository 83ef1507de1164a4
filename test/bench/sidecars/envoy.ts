/** Envoys as pods have them: their own uid, our arguments, ready when they hold their configuration. */
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { bootstrap, envoyArguments } from '../../../xds-server/compile/bootstrap.ts'
import type { Compiled, Message } from '../../../xds-server/compile/model.ts'
import { adminPage } from '../../support/envoy.ts'
import { serverName } from './control-plane.ts'
import { type Kitchen, repository } from './kitchen.ts'

const proxyUid = 14747
const patienceMs = 20_000

export type Envoy = {
  readonly pid: number
  /** Text of an admin page. */
  admin(path: string): Promise<string>
}

function homeOf(kitchen: Kitchen, place: string): string {
  const home = join(kitchen.folder, place)
  mkdirSync(home)
  chownSync(home, proxyUid, proxyUid)
  return home
}

async function ready(child: ChildProcess, admin: Envoy['admin']): Promise<void> {
  const end = performance.now() + patienceMs
  const isReady = () =>
    admin('/ready').then(
      (page) => page.trim() === 'LIVE',
      () => false,
    )
  while (!(await isReady())) {
    if (child.exitCode !== null) throw new Error('it ended')
    if (performance.now() > end) throw new Error('it does not get ready')
    await delay(20)
  }
}

async function start(kitchen: Kitchen, place: string, boot: (adminSocket: string) => Message): Promise<Envoy> {
  const home = homeOf(kitchen, place)
  const adminSocket = join(home, 'admin.sock')
  const file = join(home, 'bootstrap.json')
  writeFileSync(file, JSON.stringify(boot(adminSocket)))
  const log = join(home, 'envoy.log')
  const argv = [kitchen.envoy, '-c', file, '--log-path', log, ...envoyArguments]
  const child = kitchen.places.start(place, argv, { uid: proxyUid, core: 'proxy' })
  const admin = (path: string) => adminPage(adminSocket, path)
  await ready(child, admin).catch((error: Error) => {
    throw new Error(`the Envoy of ${place}: ${error.message}\n${readFileSync(log, 'utf8')}`)
  })
  return { pid: child.pid!, admin }
}

/** An Envoy that has all of its configuration from the beginning. */
export function startPlain(kitchen: Kitchen, place: string, resources: (admin: Message) => Message): Promise<Envoy> {
  return start(kitchen, place, (path) => resources({ address: { pipe: { path, mode: 0o600 } } }))
}

export type Sidecar = {
  readonly place: string
  /** Id of the workload it serves. */
  readonly workload: string
  readonly compiled: Compiled
}

/** A sidecar of ours, served by the real xDS server. */
export async function startSidecar(kitchen: Kitchen, sidecar: Sidecar): Promise<Envoy> {
  const { place, workload, compiled } = sidecar
  const { controlPlane } = kitchen
  const token = randomBytes(32).toString('base64url')
  const port = await controlPlane.serve(workload, token, compiled)
  const { ca } = controlPlane
  const host = kitchen.places.hubFor(place)
  const address = { host, port, serverName, ca }
  return start(kitchen, place, (adminSocket) =>
    bootstrap({ nodeId: workload, token, adminSocket, controlPlane: address }),
  )
}

/** Sends a place's TCP through its Envoy, as init containers do. */
export async function redirect({ places }: Kitchen, place: string): Promise<void> {
  await places.exec(place, ['sh', join(repository, 'webhook/init/redirect.sh')])
}

/** CPU time of all its threads so far, in milliseconds. */
export function cpuMs({ pid }: Envoy): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const ns = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  )
  return ns.reduce((sum, one) => sum + one, 0) / 1e6
}
