/** The pod's sidecar: a real Envoy under the proxy's uid, with our bootstrap and arguments. */
import { execFile } from 'node:child_process'
import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { BootstrapOptions } from '../../../xds-server/compile/bootstrap.ts'
import { bootstrap, envoyArguments } from '../../../xds-server/compile/bootstrap.ts'
import { adminPage, envoyBinary } from '../../support/envoy.ts'
import { eventually } from '../../support/eventually.ts'
import type { Network } from './network.ts'

const proxyUid = 14747

/** The control plane is a unix socket away: what differs from a real pod. */
function overSocket(boot: object, socket: string): object {
  const text = JSON.stringify(boot, (_, value) =>
    value?.socket_address?.address === 'control-plane' ? { pipe: { path: socket } } : value,
  )
  return JSON.parse(text.replace('"STRICT_DNS"', '"STATIC"')) as object
}

export type Envoy = {
  /** Text of an admin page. */
  admin(path: string): Promise<string>
  /** Everything it wrote, in order. */
  output(): string
}

export type EnvoyOptions = Pick<BootstrapOptions, 'nodeId' | 'token'> & {
  readonly folder: string
  readonly controlPlaneSocket: string
  readonly serverName: string
  readonly ca: string
}

/** Started, and ready as its own readiness endpoint says: it has a configuration. */
export async function startEnvoy(network: Network, options: EnvoyOptions): Promise<Envoy> {
  const home = join(options.folder, 'envoy')
  mkdirSync(home)
  chownSync(home, proxyUid, proxyUid)
  const adminSocket = join(home, 'admin.sock')
  const { nodeId, token, ca, serverName } = options
  const controlPlane = { host: 'control-plane', port: 1, serverName, ca }
  const boot = overSocket(bootstrap({ nodeId, token, adminSocket, controlPlane }), options.controlPlaneSocket)
  const file = join(home, 'bootstrap.json')
  writeFileSync(file, JSON.stringify(boot))
  const asProxy = ['setpriv', `--reuid=${proxyUid}`, `--regid=${proxyUid}`, '--clear-groups']
  const envoy = network.start('pod', [...asProxy, envoyBinary(), '-c', file, ...envoyArguments])
  let output = ''
  for (const stream of [envoy.stdout, envoy.stderr]) {
    stream.on('data', (text) => {
      output += text
    })
  }
  const ready = async () => {
    if (envoy.exitCode !== null) throw new Error(`envoy ended: ${output}`)
    return (await network.exec('pod', ['curl', '-sf', 'http://127.0.0.1:15021/ready'])).code === 0
  }
  await eventually('envoy to be ready', ready).catch((error: Error) => {
    throw new Error(`${error.message}: ${output}`)
  })
  return { admin: (path) => adminPage(adminSocket, path), output: () => output }
}

/** Envoy's judgement of a configuration, without running it: what it says, empty where it is content. */
export async function validate(file: string): Promise<string> {
  const run = promisify(execFile)
  return run(envoyBinary(), ['--mode', 'validate', '-c', file, ...envoyArguments]).then(
    () => '',
    ({ stdout, stderr }) => `${stdout}${stderr}`,
  )
}
