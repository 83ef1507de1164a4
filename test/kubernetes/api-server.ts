/**
 * A real etcd and kube-apiserver on loopback, in a folder of their own: one for a suite, a fresh namespace for a test.
 *
 * Promises: ready when `startApiServer` resolves; `stop` ends both processes and removes the folder, and so does a start
 * that fails. Never a controller: nobody makes ReplicaSets' pods, default service accounts or tokens but the test.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../../lab/until.ts'
import { type AccessSource, kubeconfigAccess } from '../../xds-server/kubernetes/access.ts'
import { type ApiRequest, kubernetesClient } from '../../xds-server/kubernetes/client.ts'
import { kill } from '../support/processes.ts'
import { adminKubeconfig, makeCredentials } from './credentials.ts'
import { apiServerFlags, etcdFlags, freePorts } from './flags.ts'

/** On a busy machine; alone it takes four. */
const startTimeoutMs = 120_000

export type ApiServer = {
  /** `https://127.0.0.1:port` */
  readonly url: string
  readonly port: number
  /** Of the administrator. */
  readonly kubeconfig: string
  /** PEM: who signed the server's certificate. */
  readonly ca: string
  readonly access: AccessSource
  /** As the administrator; the parsed answer. @throws where the status is not 2xx, with what the server said */
  call<T = unknown>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<T>
  /** A new one, and its `default` service account. Answers its name. */
  namespace(labels?: Readonly<Record<string, string>>): Promise<string>
  /** SIGKILL to the API server; etcd stays. */
  kill(): Promise<void>
  /** Starts the API server again, on its port; resolves when it is ready. */
  restart(): Promise<void>
  /** etcd stands still, with its connections open, until `resumeEtcd`. */
  pauseEtcd(): void
  resumeEtcd(): void
  /** Forgets what was before now: lists and watches that want it are answered 410. */
  compact(): Promise<void>
  stop(): Promise<void>
}

/** `flags` come after those that are needed, and can override them. */
export async function startApiServer(binaries: string, ...flags: readonly string[]): Promise<ApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-api-server-'))
  const children: ChildProcess[] = []
  const stop = async () => {
    await Promise.all(children.map(kill))
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    return await start(binaries, folder, children, flags, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(
  binaries: string,
  folder: string,
  children: ChildProcess[],
  flags: readonly string[],
  stop: () => Promise<void>,
): Promise<ApiServer> {
  const [port, etcdPort, peerPort] = await freePorts(3)
  const url = `https://127.0.0.1:${port}`
  mkdirSync(join(folder, 'etcd'), { mode: 0o700 })
  makeCredentials(folder)
  const kubeconfig = join(folder, 'admin.kubeconfig')
  writeFileSync(kubeconfig, adminKubeconfig(folder, url), { mode: 0o600 })
  const run = (name: string, args: readonly string[]): ChildProcess => {
    const log = openSync(join(folder, `${name}.log`), 'a')
    const child = spawn(join(binaries, name), args, { cwd: folder, stdio: ['ignore', log, log] })
    children.push(child)
    return child
  }
  const access = await kubeconfigAccess(kubeconfig)
  if (!access.ok) throw new Error(JSON.stringify(access.problems))
  const client = kubernetesClient(access.value)
  const call: ApiServer['call'] = async <T>(method: ApiRequest['method'], path: string, body?: object) => {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const { status, text } = await client.ask({ ...(method && { method }), path, contentType, ...(body && { body }) })
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${text}`)
    return JSON.parse(text) as T
  }
  const etcd = run('etcd', etcdFlags(etcdPort!, peerPort!))
  const startServer = async () => {
    const child = run('kube-apiserver', [...apiServerFlags(port!, etcdPort!), ...flags])
    await until(() => isReady(child, client), {
      what: 'a ready API server',
      timeoutMs: startTimeoutMs,
      everyMs: 50,
    }).catch((error) => {
      throw new Error(`${error.message}\n${endOf(folder)}`)
    })
    return child
  }
  let server = await startServer()
  let count = 0
  return {
    ...{
      url,
      port: port!,
      kubeconfig,
      ca: readFileSync(join(folder, 'ca.crt'), 'utf8'),
      access: access.value,
      call,
      stop,
    },
    async namespace(labels = {}) {
      const name = `test-${++count}`
      await call('POST', '/api/v1/namespaces', { metadata: { name, labels } })
      await call('POST', `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } })
      return name
    },
    kill: () => kill(server),
    async restart() {
      server = await startServer()
    },
    pauseEtcd: () => void etcd.kill('SIGSTOP'),
    resumeEtcd: () => void etcd.kill('SIGCONT'),
    compact: () => compact(etcdPort!),
    stop,
  }
}

async function isReady(child: ChildProcess, client: ReturnType<typeof kubernetesClient>): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) throw new Error('kube-apiserver ended')
  const answer = await client.ask({ path: '/readyz' }).catch(() => undefined)
  return answer?.status === 200
}

const endOf = (folder: string): string =>
  ['etcd', 'kube-apiserver']
    .map((name) => `${name}:\n${readFileSync(join(folder, `${name}.log`), 'utf8').slice(-2000)}`)
    .join('\n')

/** By etcd's own JSON gateway. https://etcd.io/docs/v3.7/dev-guide/api_grpc_gateway/ */
async function compact(port: number): Promise<void> {
  const ask = async <T>(path: string, body: object): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${port}/v3/kv/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`etcd ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
  const { header } = await ask<{ header: { revision: string } }>('range', { key: Buffer.from('x').toString('base64') })
  await ask('compaction', { revision: header.revision, physical: true })
}
