/** Makes a lab: from nothing to every app answering, side by side where one thing does not need the other. */
import { randomUUID } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { makeClassifierFolder, startClassifier } from './classifier.ts'
import { clean } from './clean.ts'
import { startControlPlane } from './control-plane.ts'
import { besideNode, ownEnvironment, systemPath } from './enter.ts'
import { LabError } from './error.ts'
import { hosts, type Layout, logPath, repository } from './layout.ts'
import { changeManifest, currentManifest, type Manifest, readManifest, writeManifest } from './manifest.ts'
import { connectOutside, makeNamespaces, setUpNode } from './network.ts'
import { startPod } from './pod.ts'
import { makeFolders, resolverOf } from './pod-files.ts'
import { catalogue, nodeUser } from './pods/catalogue.ts'
import { bootId, isAlive, processOf } from './processes.ts'
import { publish } from './publish.ts'
import { startDaemon } from './run.ts'
import { claimPods, preparePods } from './scale.ts'
import { makeSecrets } from './secrets.ts'
import { findEnvoy } from './sidecar.ts'
import { all, allOrNone } from './together.ts'

export type UpOptions = {
  /** State directory; default POSTERN_LAB_DIR, else /run/postern-lab. Another directory is another lab beside it. */
  readonly dir?: string
  /** Default true. False: the lab has none, and then no sidecars either. */
  readonly controlPlane?: boolean
  /** Default true. False: plain pods. */
  readonly sidecars?: boolean
  /** Default: as the control plane. True: one beside it, which tells sidecars of it. */
  readonly classifier?: boolean
  /**
   * `this-process` (default): once this process is gone, however it went, the lab is a leftover that the next `up`
   * takes away. `nobody`: it stays until `down`.
   */
  readonly owner?: 'this-process' | 'nobody'
  /** Stops an `up` under way; what was made is taken away before it rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** In what the lab runs, by the programs' names. */
const tools = [
  ...['ip', 'nsenter', 'unshare', 'setpriv', 'mount', 'iptables-restore', 'ip6tables-restore'],
  ...['nginx', 'redis-server', 'psql', 'sshd', 'ssh', 'ssh-keygen', 'curl', 'dig'],
]

/** Makes the lab of a directory; the caller has its lock. Whatever goes wrong, nothing is left of the attempt. */
export async function makeLab(layout: Layout, options: UpOptions): Promise<void> {
  const manifest = newManifest(options)
  checkMachine()
  await clearTheWay(layout)
  writeFolders(layout, manifest)
  try {
    await makeAll(layout, options)
  } catch (error) {
    await clean(layout, { keepFiles: false })
    throw error
  }
  const owner = options.owner === 'nobody' ? null : manifest.owner
  changeManifest(layout, () => ({ state: 'up', owner }))
}

async function makeAll(layout: Layout, options: UpOptions): Promise<void> {
  const pods = catalogue.flatMap((app) => claimPods(layout, app, app.replicas))
  await allOrNone(options.signal, async (signal) => {
    const secrets = await makeSecrets(layout, signal)
    await makeFolders(layout, 'node', nodeUser, resolverOf(currentManifest(layout)))
    await makeNamespaces(layout, ['node'], signal)
    await setUpNode(layout, signal)
    await preparePods(layout, pods, signal)
    await connectOutside(layout, signal)
    publish(layout)
    await startKeeper(layout)
    const controlPlane = options.controlPlane === false ? Promise.resolve() : startControlPlane(layout, signal)
    const classifier = currentManifest(layout).options.classifier
      ? controlPlane.then(() => startClassifier(layout, signal))
      : undefined
    const envoy = options.sidecars === false ? Promise.resolve('') : envoyAfter(controlPlane, signal)
    const started = pods.map((pod) => startPod(layout, pod, { secrets, envoy, signal }))
    return [classifier ?? controlPlane, envoy.then(() => {}), ...started]
  })
}

async function envoyAfter(controlPlane: Promise<void>, signal: AbortSignal): Promise<string> {
  const envoy = findEnvoy(signal)
  await all<unknown>([envoy, controlPlane])
  return envoy
}

async function startKeeper(layout: Layout): Promise<void> {
  const argv = besideNode(layout, [process.execPath, join(repository, 'lab', 'keeper.ts'), layout.dir])
  const keeper = await startDaemon(argv, { log: logPath(layout, 'keeper'), env: ownEnvironment() })
  changeManifest(layout, ({ processes }) => ({ processes: [...processes, { ...keeper, role: 'keeper', pod: null }] }))
}

function newManifest({ controlPlane = true, sidecars = true, classifier = controlPlane }: UpOptions): Manifest {
  if ((sidecars || classifier) && !controlPlane) throw new LabError('bad-argument', 'sidecars need a control plane')
  return {
    version: 1,
    id: randomUUID(),
    bootId: bootId(),
    state: 'starting',
    owner: processOf(process.pid) ?? null,
    options: { controlPlane, sidecars, classifier },
    namespaces: [],
    nextHost: hosts.first,
    pods: [],
    processes: [],
  }
}

/** @throws LabError `not-root`, `tool-missing` */
function checkMachine(): void {
  if (process.getuid?.() !== 0) throw new LabError('not-root', 'the lab makes network namespaces: run it as root')
  const missing = tools.filter((tool) => !isOnPath(tool))
  if (missing.length === 0) return
  throw new LabError(
    'tool-missing',
    `missing: ${missing.join(', ')}; \`bash scripts/setup.sh\` installs them on Debian`,
  )
}

function isOnPath(tool: string): boolean {
  return systemPath.split(':').some((folder) => isExecutable(join(folder, tool)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Takes a leftover away. @throws LabError `already-up` for a lab in use, `foreign` for what is none. */
async function clearTheWay(layout: Layout): Promise<void> {
  const found = readManifest(layout)
  if (found === undefined) {
    if (!existsSync(layout.dir) || readdirSync(layout.dir).length === 0) return
    throw new LabError('foreign', `${layout.dir} has files of somebody else: it is left alone`)
  }
  if (isInUse(found)) throw new LabError('already-up', `a lab is up in ${layout.dir}: \`postern lab down\` first`)
  await clean(layout, { keepFiles: false })
}

function isInUse({ bootId: boot, state, owner }: Manifest): boolean {
  if (boot !== bootId() || state === 'down') return false
  return owner === null ? state === 'up' : isAlive(owner)
}

/** `view` is where `enter.sh` builds what a process of a pod sees. */
function writeFolders(layout: Layout, manifest: Manifest): void {
  mkdirSync(layout.dir, { recursive: true, mode: 0o755 })
  writeManifest(layout, manifest)
  for (const folder of [layout.logs, layout.pods, join(layout.dir, 'view')]) mkdirSync(folder, { mode: 0o755 })
  mkdirSync(layout.controlPlane, { mode: 0o700 })
  makeClassifierFolder(layout)
}
