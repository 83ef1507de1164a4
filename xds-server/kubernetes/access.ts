/**
 * How to reach an API server, and as whom: from a pod's service account, or from a kubeconfig.
 *
 * Promises: files that are rotated (tokens every hour, CAs at times) are read again when they are needed; an API server
 * is only spoken to by TLS that its CA vouches for. Never runs a program a kubeconfig names: people's `exec` plugins
 * are for people's tools.
 */
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Parsed } from '../policy/model.ts'

type Credentials =
  | { readonly kind: 'certificate'; readonly cert: string; readonly key: string }
  | { readonly kind: 'token'; readonly token: string }

export type Access = {
  /** `https://10.96.0.1:443`, without a path. */
  readonly server: string
  /** PEM. */
  readonly ca: string
  readonly credentials: Credentials
}

/** Asked before every request. Rejects where a file can not be read: the request has failed then, as by a lost network. */
export type AccessSource = () => Promise<Access>

/** https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The account of the pod this runs in; undefined outside a cluster. The kubelet renews the token file. */
export function inClusterAccess(
  env: Readonly<Record<string, string | undefined>>,
  folder: string = serviceAccountFolder,
): AccessSource | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env
  if (!host || !port) return undefined
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  return async () => {
    const [token, ca] = await Promise.all([readFile(`${folder}/token`, 'utf8'), readFile(`${folder}/ca.crt`, 'utf8')])
    return { server, ca, credentials: { kind: 'token', token: token.trim() } }
  }
}

const text = z.string().min(1)
const kubeconfig = z.object({
  'current-context': text,
  contexts: z.array(z.object({ name: text, context: z.object({ cluster: text, user: text }) })),
  clusters: z.array(
    z.object({
      name: text,
      cluster: z.object({
        server: z.url({ protocol: /^https$/ }),
        'certificate-authority': text.optional(),
        'certificate-authority-data': z.base64().optional(),
      }),
    }),
  ),
  users: z.array(
    z.object({
      name: text,
      user: z.object({
        'client-certificate': text.optional(),
        'client-certificate-data': z.base64().optional(),
        'client-key': text.optional(),
        'client-key-data': z.base64().optional(),
        token: text.optional(),
        tokenFile: text.optional(),
      }),
    }),
  ),
})
type Kubeconfig = z.infer<typeof kubeconfig>
type Cluster = Kubeconfig['clusters'][number]['cluster']
type User = Kubeconfig['users'][number]['user']

const problem = (path: string, message: string) => ({ ok: false, problems: [{ path, message }] }) as const

/** The current context of a kubeconfig. Its relative paths are relative to it. */
export async function kubeconfigAccess(path: string): Promise<Parsed<AccessSource>> {
  let document: unknown
  try {
    document = parse(await readFile(path, 'utf8'))
  } catch (error) {
    return problem('', `${path}: ${(error as Error).message}`)
  }
  const read = kubeconfig.safeParse(document)
  if (read.success) return contextAccess(read.data, dirname(path))
  const problems = read.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  return { ok: false, problems }
}

function contextAccess(config: Kubeconfig, folder: string): Parsed<AccessSource> {
  const context = config.contexts.find(({ name }) => name === config['current-context'])?.context
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster
  const user = config.users.find(({ name }) => name === context?.user)?.user
  if (!context) return problem('current-context', 'names no context')
  if (!cluster) return problem('contexts', `names no cluster: ${context.cluster}`)
  const ca = material(cluster['certificate-authority-data'], cluster['certificate-authority'], folder)
  if (!ca) return problem('clusters', `${context.cluster} has no certificate authority`)
  const credentials = user && credentialsOf(user, folder)
  if (!credentials) return problem('users', `${context.user} has neither a client certificate and key nor a token`)
  return { ok: true, value: accessSource(cluster, ca, credentials) }
}

const accessSource =
  (cluster: Cluster, ca: () => Promise<string>, credentials: () => Promise<Credentials>): AccessSource =>
  async () => ({ server: new URL(cluster.server).origin, ca: await ca(), credentials: await credentials() })

function credentialsOf(user: User, folder: string): (() => Promise<Credentials>) | undefined {
  const { token } = user
  const cert = material(user['client-certificate-data'], user['client-certificate'], folder)
  const key = material(user['client-key-data'], user['client-key'], folder)
  if (cert && key) return async () => ({ kind: 'certificate', cert: await cert(), key: await key() })
  if (token) return async () => ({ kind: 'token', token })
  const tokenFile = material(undefined, user.tokenFile, folder)
  return tokenFile && (async () => ({ kind: 'token', token: (await tokenFile()).trim() }))
}

/** What stands in the file itself comes before what it points to, as kubectl has it. */
function material(data: string | undefined, file: string | undefined, folder: string) {
  if (data !== undefined) return async () => Buffer.from(data, 'base64').toString('utf8')
  return file === undefined ? undefined : () => readFile(resolve(folder, file), 'utf8')
}
