/**
 * A pod under test: namespaces, apps, control plane and Envoy, all real. A test publishes worlds and looks, as peers
 * would, at what becomes of connections.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { buildSniffer } from '../../../classifier/sniffer/build.ts'
import { compiler } from '../../../xds-server/compile/compile.ts'
import { cutsNeeded } from '../../../xds-server/compile/cuts.ts'
import type { Compiled } from '../../../xds-server/compile/model.ts'
import type { CompileOptions } from '../../../xds-server/compile/options.ts'
import type { AccessRecord } from '../../../xds-server/observe/model.ts'
import type { Directory } from '../../../xds-server/policy/directory.ts'
import { directory } from '../../../xds-server/policy/directory.ts'
import type { World } from '../../../xds-server/policy/model.ts'
import { eventually } from '../../support/eventually.ts'
import type { Client } from './client.ts'
import { startClient } from './client.ts'
import type { ControlPlane } from './control-plane.ts'
import { serverName, startControlPlane } from './control-plane.ts'
import type { Envoy } from './envoy.ts'
import { startEnvoy } from './envoy.ts'
import type { Network, Outcome, Side } from './network.ts'
import { createNetwork } from './network.ts'

/** Workload id of the pod, in every test's world. */
const podId = 'db'

type AppLine = { readonly port: number; readonly event: string; readonly text: string }

export type Pod = Pick<Client, 'connect'> & {
  readonly network: Network
  readonly envoy: Envoy
  readonly nacks: ControlPlane['nacks']
  /** Chains that were cut by the last publication. */
  publish(world: World): Promise<readonly string[]>
  /** What the classifier has to know for the last publication. */
  inspection(): Compiled['inspection']
  /** What reached an app on this port, of the pod or of its peers. */
  reached(port: number, side?: Side): readonly string[]
  /** A request of a peer: `curl -sS --max-time 5 --interface <from> …`. */
  curl(from: string, ...args: readonly string[]): Promise<Outcome>
  /** The first access log record, of now or later, that fits. */
  record(what: string, fits: (record: AccessRecord) => boolean): Promise<AccessRecord>
  readonly records: readonly AccessRecord[]
  stop(): Promise<void>
}

export type PodOptions = {
  /** `ft-` and letters. */
  readonly name: string
  readonly world: World
  /** Port → app of `apps.ts`. */
  readonly apps: Readonly<Record<number, string>>
  /** The same on the other side, on every address there. */
  readonly peerApps?: Readonly<Record<number, string>>
  /** Asked at each publication. */
  readonly classifier?: () => CompileOptions['classifier']
}

/** Compiles world after world as the control plane does, cuts included. */
function compilation(sniffer: string, { classifier }: PodOptions) {
  const { compile } = compiler()
  let before: { readonly directory: Directory; readonly compiled: Compiled } | undefined
  let cuts: ReadonlyMap<string, number> = new Map()
  return (world: World): { readonly compiled: Compiled; readonly cut: readonly string[] } => {
    const now = directory(world, before?.directory)
    const asked = classifier?.()
    const options = { sniffer, ipv6: true, ...(asked && { classifier: asked }) }
    const made = compile(now, { ...options, cuts })
    const cut = before ? cutsNeeded(before.compiled, made) : []
    cuts = new Map([...cuts, ...cut.map((key) => [key, (cuts.get(key) ?? 0) + 1] as const)])
    const compiled = cut.length > 0 ? compile(now, { ...options, cuts }) : made
    before = { directory: now, compiled }
    return { compiled, cut }
  }
}

async function startApps(network: Network, side: Side, apps: PodOptions['apps']): Promise<readonly AppLine[]> {
  const script = fileURLToPath(new URL('apps.ts', import.meta.url))
  const wanted = Object.entries(apps).map(([port, app]) => `${port}=${app}`)
  const child = network.start(side, [process.execPath, script, ...wanted])
  const lines: AppLine[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as AppLine))
  const listening = () => lines.filter(({ event }) => event === 'listening').length === wanted.length
  await eventually('the apps to listen', listening)
  return lines
}

export async function startPod(options: PodOptions): Promise<Pod> {
  const { name, world, apps, peerApps = {} } = options
  const folder = mkdtempSync(join(tmpdir(), `postern-${name}-`))
  chmodSync(folder, 0o755)
  const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })]
  const stop = async () => {
    for (const close of closing.splice(0).reverse()) await close()
  }
  try {
    const network = await createNetwork(name)
    closing.push(network.remove)
    const sniffer = await buildSniffer()
    const compile = compilation(Buffer.from(sniffer.wasm).toString('base64'), options)
    const controlPlaneSocket = join(folder, 'control-plane.sock')
    const token = 'token-of-the-pod'
    const plane = await startControlPlane(controlPlaneSocket, podId, token)
    closing.push(plane.close)
    let last = compile(world).compiled
    await plane.publish(last)
    const lines = { pod: await startApps(network, 'pod', apps), peers: await startApps(network, 'peers', peerApps) }
    const identity = { nodeId: podId, token, serverName, ca: plane.ca }
    const envoy = await startEnvoy(network, { ...identity, folder, controlPlaneSocket })
    return {
      ...startClient(network),
      network,
      envoy,
      nacks: plane.nacks,
      async publish(next) {
        const { compiled, cut } = compile(next)
        last = compiled
        await plane.publish(compiled)
        return cut
      },
      inspection: () => last.inspection,
      reached: (port, side = 'pod') =>
        lines[side].filter((l) => l.port === port && l.event !== 'listening').map((l) => l.text || l.event),
      curl: (from, ...args) => network.exec('peers', ['curl', '-sS', '--max-time', '5', '--interface', from, ...args]),
      record: (what, fits) => eventually(what, () => plane.records.find(fits)),
      records: plane.records,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
