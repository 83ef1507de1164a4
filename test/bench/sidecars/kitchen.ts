/** Everything that sidecars of a bench need: places, a folder, an Envoy to run, a control plane. Gone when disposed. */
import { chmodSync, copyFileSync, linkSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { envoyBinary } from '../../support/envoy.ts'
import { isAlive } from '../../support/processes.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { makePlaces, type Places } from './places.ts'

export type Kitchen = AsyncDisposable & {
  readonly places: Places
  readonly controlPlane: ControlPlane
  /** Everybody may look into it. */
  readonly folder: string
  /** Envoy. */
  readonly envoy: string
}

export const repository = resolve(import.meta.dirname, '..', '..', '..')
const folderPrefix = 'postern-bench-'

/** Its name says whose it is, so that one that was left can be told from one in use. */
export function makeFolder(): string {
  for (const name of readdirSync(tmpdir())) {
    const [, owner] = new RegExp(`^${folderPrefix}(\\d+)-`).exec(name) ?? []
    if (owner !== undefined && !isAlive(Number(owner))) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
  const folder = mkdtempSync(join(tmpdir(), `${folderPrefix}${process.pid}-`))
  chmodSync(folder, 0o755)
  return folder
}

/** Where the proxy's uid may run it: the cache is in a home directory. A link, so that its pages stay shared. */
function findEnvoy(folder: string): string {
  const cached = envoyBinary()
  const binary = join(folder, 'envoy')
  try {
    linkSync(cached, binary)
  } catch {
    copyFileSync(cached, binary) // another file system
  }
  return binary
}

/** @param names of the places */
export async function openKitchen(names: readonly string[], signal: AbortSignal): Promise<Kitchen> {
  await using made = new AsyncDisposableStack()
  const folder = made.adopt(makeFolder(), (path) => rmSync(path, { recursive: true, force: true }))
  const places = made.use(await makePlaces(names, signal))
  const controlPlane = made.use(await startControlPlane(places))
  const envoy = findEnvoy(folder)
  const all = made.move()
  return { places, controlPlane, folder, envoy, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
