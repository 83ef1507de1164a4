/** A pod's Envoy: its own token, bootstrap and admin socket, under the proxy's uid and without a capability. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { statusOverSocket } from './control-plane.ts'
import { LabError } from './error.ts'
import { type Layout, podPaths, proxyUid } from './layout.ts'
import { ownFile } from './pod-files.ts'
import type { ProcessRef } from './processes.ts'
import { tokenFile } from './publish.ts'

const tokenBytes = 32

/** A fresh proof of identity for a pod's sidecar. */
export async function makeToken(layout: Layout, pod: string): Promise<void> {
  await ownFile(tokenFile(layout, pod), randomBytes(tokenBytes).toString('base64url'), proxyUid)
}

/** Starts a pod's Envoy; its redirect is there already. */
export async function startSidecar(_layout: Layout, pod: string): Promise<ProcessRef> {
  throw new LabError('failed', `no bootstrap yet ${pod}`)
}

/** Envoy answers 200 once it has its listeners. */
export async function isSidecarReady(layout: Layout, pod: string): Promise<boolean> {
  return (await statusOverSocket(adminSocket(layout, pod), '/ready')) === 200
}

function adminSocket(layout: Layout, pod: string): string {
  return join(podPaths(layout, pod).envoy, 'admin.sock')
}
