/**
 * Takes a lab away, or what a killed one left: its processes, namespaces and files.
 *
 * Promises: it goes by the manifest only. A process is ended if it is the one noted (pid and start time) or lives in a
 * namespace the lab made; a namespace is removed if it is the one made; files only below the state directory, and only
 * with a manifest of ours in it.
 */
import { rm } from 'node:fs/promises'
import { LabError } from './error.ts'
import type { Layout } from './layout.ts'
import { type Manifest, readManifest, writeManifest } from './manifest.ts'
import { inodeOf, isOurs, removeNamespaces } from './network.ts'
import { bootId, ended, type ProcessRef, processesIn, signalAll } from './processes.ts'

/** What a control plane gets to close its database, and a classifier to finish what it looks at. */
const graceMs = 3_000
/** Rounds of looking for processes that were just being started. */
const maxRounds = 10

/** `keepFiles`: logs and data stay until the next `up`. */
export async function clean(layout: Layout, options: { readonly keepFiles: boolean }): Promise<void> {
  const manifest = readManifest(layout)
  if (manifest === undefined) return
  if (manifest.bootId === bootId()) {
    await endProcesses(manifest)
    await removeNamespaces(manifest.namespaces)
  }
  if (options.keepFiles) {
    writeManifest(layout, { ...manifest, state: 'down', owner: null, namespaces: [], pods: [], processes: [] })
  } else {
    await rm(layout.dir, { recursive: true, force: true })
  }
}

async function endProcesses({ processes, namespaces }: Manifest): Promise<void> {
  await endGently(processes.filter(({ role }) => role === 'control-plane' || role === 'classifier'))
  signalAll(processes, 'SIGKILL')
  await ended(processes)
  await endProcessesIn(namespaces)
}

/** Kills everything that lives in these namespaces, and what is started there meanwhile. */
export async function endProcessesIn(namespaces: Manifest['namespaces']): Promise<void> {
  const inodes = new Set(namespaces.filter(isOurs).flatMap(({ name }) => inodeOf(name) ?? []))
  for (let round = 0; round < maxRounds; round += 1) {
    const inside = processesIn(inodes)
    if (inside.length === 0) return
    signalAll(inside, 'SIGKILL')
    await ended(inside)
  }
  throw new LabError('failed', 'processes of the lab keep coming back')
}

async function endGently(processes: readonly ProcessRef[]): Promise<void> {
  signalAll(processes, 'SIGTERM')
  await ended(processes, graceMs).catch((error: unknown) => {
    if (!(error instanceof LabError)) throw error // those that did not end in time are killed with the rest
  })
}
