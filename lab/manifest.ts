/**
 * The manifest: what this lab made and is about to make, written before it is made, so that whoever comes after a
 * killed run knows what is his to take away. Written by rename; changed only under the lock (`lock.ts`).
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { LabError } from './error.ts'
import type { Layout } from './layout.ts'
import { processRef } from './processes.ts'

const pod = z.object({
  name: z.string(),
  /** The app it runs (`catalogue.ts`), which is also its owner's name. */
  app: z.string(),
  /** Of its addresses (`podAddresses`); null for what is outside the pod network. */
  host: z.int().nullable(),
  /** Its app answers: only then do names lead to it. */
  ready: z.boolean(),
})
/** One pod of the lab. */
export type Pod = z.infer<typeof pod>

const startedProcess = processRef.extend({
  role: z.enum(['control-plane', 'classifier', 'keeper', 'sidecar', 'app', 'traffic']),
  /** Null for what belongs to no pod. */
  pod: z.string().nullable(),
})
export type StartedProcess = z.infer<typeof startedProcess>

const manifest = z.object({
  version: z.literal(1),
  /** Another one for every `up`. */
  id: z.string(),
  bootId: z.string(),
  /** `down`: nothing is left but the files that were kept. */
  state: z.enum(['starting', 'up', 'down']),
  /** The process this lab lives with (a demo, a test); null: it stays until `down`. */
  owner: processRef.nullable(),
  options: z.object({ controlPlane: z.boolean(), sidecars: z.boolean(), classifier: z.boolean() }),
  /** `inode` null: about to be made. */
  namespaces: z.array(z.object({ name: z.string(), inode: z.int().nullable() })),
  /** The host number the next pod gets; they are not used twice before the range is through. */
  nextHost: z.int(),
  pods: z.array(pod),
  processes: z.array(startedProcess),
})
export type Manifest = z.infer<typeof manifest>

/** Undefined: there is none. @throws LabError `foreign` when there is one that we did not write. */
export function readManifest(layout: Layout): Manifest | undefined {
  const text = readIfThere(layout.manifest)
  if (text === undefined) return undefined
  try {
    return manifest.parse(JSON.parse(text))
  } catch (cause) {
    throw new LabError('foreign', `${layout.manifest} is not a manifest of this version of the lab`, { cause })
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** The manifest of a lab that is up or getting there. @throws LabError `not-up` */
export function currentManifest(layout: Layout): Manifest {
  const current = readManifest(layout)
  if (current === undefined || current.state === 'down') {
    throw new LabError('not-up', `no lab is up in ${layout.dir}: run \`postern lab up\``)
  }
  return current
}

export function writeManifest(layout: Layout, next: Manifest): void {
  writeAtomically(layout.manifest, next)
}

/** Synchronous, so that what runs side by side in one process can not lose each other's changes. */
export function changeManifest(layout: Layout, change: (manifest: Manifest) => Partial<Manifest>): Manifest {
  const before = currentManifest(layout)
  const after = { ...before, ...change(before) }
  writeManifest(layout, after)
  return after
}

/** JSON, by `writeTextAtomically`. */
export function writeAtomically(path: string, value: unknown, mode = 0o600): void {
  writeTextAtomically(path, `${JSON.stringify(value, null, 2)}\n`, mode)
}

/** By rename: a reader sees the old or the new, never a part. For root's eyes unless `mode` says otherwise. */
export function writeTextAtomically(path: string, text: string, mode = 0o600): void {
  writeFileSync(`${path}.new`, text, { mode })
  renameSync(`${path}.new`, path)
}
