#!/usr/bin/env node
/** The one binary: `postern <command>`. Commands that ask the control plane are cli/'s, the rest is here. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type Command, InvalidArgumentError } from 'commander'
import { nodeIo } from './cli/node-io.ts'
import { createProgram } from './cli/program.ts'
import { addLab } from './lab/command.ts'
import { addDemo } from './lab/demo.ts'
import { addStory } from './lab/story-command.ts'

async function untilStopped(running: { close(): Promise<void> }): Promise<void> {
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
  await running.close()
}

type XdsOptions = {
  readonly data: string
  readonly inventory: string
  readonly tokens: string
  readonly listen: Address
  readonly metrics?: Address
  readonly api: string
  readonly classifier?: ClassifierFlag
  readonly classifierProbe?: ClassifierFlag
  readonly classifierCa?: string
}
type Address = { readonly host: string; readonly port: number }

type ClassifierFlag = { readonly kind: 'unix'; readonly path: string } | ({ readonly kind: 'tls' } & Address)

/** `unix:PATH` or `host:port`. */
function classifier(text: string): ClassifierFlag {
  if (text.startsWith('unix:/')) return { kind: 'unix', path: text.slice('unix:'.length) }
  if (text.startsWith('unix:')) throw new InvalidArgumentError('Write the whole path: unix:/…')
  return { kind: 'tls', ...address(text) }
}

/** The authority that signed a classifier's certificate is asked for where there is one. */
function trusting(flag: ClassifierFlag | undefined, file: string | undefined, serverName: string) {
  if (flag === undefined || flag.kind === 'unix') return flag
  if (file === undefined) throw new Error('a classifier at host:port needs --classifier-ca: nobody else is trusted')
  return { ...flag, serverName, ca: readFileSync(file, 'utf8') }
}

/** `host:port`, v6 in brackets. */
function address(text: string): Address {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:]+):(\d{1,5})$/.exec(text)
  if (match === null || Number(match[2]) > 65_535) throw new InvalidArgumentError('Write it as host:port.')
  return { host: match[1]!, port: Number(match[2]) }
}

function addXds(parent: Command): void {
  parent
    .command('xds')
    .description('Run the control plane: xDS and access logs for sidecars, the API on a unix socket')
    .requiredOption('--data <folder>', 'policy, history and certificates are kept here')
    .requiredOption('--inventory <file>', 'the cluster as it is, as JSON; followed as it changes')
    .requiredOption('--tokens <file>', 'who the sidecars are: `<workload> <sha256 of its token>` a line')
    .requiredOption('--listen <host:port>', 'for sidecars (gRPC over TLS)', address)
    .option('--metrics <host:port>', '/metrics and /healthz over plain HTTP; loopback only', address)
    .requiredOption('--api <path>', 'unix socket for people')
    .option('--classifier <address>', 'who looks into HTTP, as sidecars reach it: unix:/path or host:port', classifier)
    .option('--classifier-probe <address>', 'the same as this process reaches it, where that differs', classifier)
    .option('--classifier-ca <file>', 'the authority (PEM) that signed the certificate of a classifier at host:port')
    .action(async (options: XdsOptions) => {
      // only this command needs gRPC, protobuf and SQLite: the others start in a fraction of the time
      const { start } = await import('./xds-server/control-plane.ts')
      const { classifierName } = await import('./xds-server/compile/names.ts')
      const { api: socket, classifier: asked, classifierProbe: probed, classifierCa: ca, ...rest } = options
      const [address, probe] = [asked, probed].map((flag) => trusting(flag, ca, classifierName))
      const classifier = address && { classifier: { address, ...(probe && { probe }) } }
      const running = await start({ ...rest, socket, ...classifier })
      await untilStopped(running)
    })
}

type ClassifierCommand = {
  readonly listen: ClassifierFlag
  readonly controlPlane: ClassifierFlag
  readonly key: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly crs?: string
  readonly workers?: number
}

/** Where it listens, with its certificate where that leaves the machine. */
function listening({ listen, tlsCert, tlsKey }: ClassifierCommand) {
  if (listen.kind === 'unix') return listen
  if (tlsCert === undefined || tlsKey === undefined)
    throw new Error('--listen host:port needs --tls-cert and --tls-key: tokens and bodies travel there')
  return { ...listen, tls: { cert: readFileSync(tlsCert), key: readFileSync(tlsKey) } }
}

function workers(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1 || number > 256) throw new InvalidArgumentError('A number from 1 to 256.')
  return number
}

function addClassifier(parent: Command): void {
  parent
    .command('classifier')
    .description('Run the classifier: WAF and DLP for sidecars (Envoy ext_proc)')
    .requiredOption('--listen <address>', 'for sidecars: unix:/path or host:port (TLS)', classifier)
    .requiredOption('--control-plane <address>', 'whose profiles it judges by: unix:/path of the API', classifier)
    .requiredOption('--key <file>', 'what the control plane signs tokens with (inspection.key)')
    .option('--tls-cert <file>', 'certificate (PEM), for host:port')
    .option('--tls-key <file>', 'its key (PEM)')
    .option('--crs <folder>', 'the OWASP Core Rule Set (default: $CRS_DIR, or else the embedded rules)')
    .option('--workers <number>', 'threads that judge (default: one less than cores)', workers)
    .action(async (options: ClassifierCommand) => {
      const { startClassifier } = await import('./classifier/process.ts')
      if (options.controlPlane.kind !== 'unix') throw new Error('--control-plane takes a unix socket')
      const { key, crs = process.env.CRS_DIR, workers } = options
      const running = await startClassifier({
        listen: listening(options),
        controlPlane: options.controlPlane.path,
        key,
        ...(crs !== undefined && crs !== '' && { crsDirectory: crs }),
        ...(workers !== undefined && { workers }),
      })
      await untilStopped(running)
    })
}

type WebhookCommand = {
  readonly listen: Address
  readonly health: Address
  readonly tlsCert: string
  readonly tlsKey: string
  readonly settings: string
  readonly ca: string
}

function addWebhook(parent: Command): void {
  parent
    .command('webhook')
    .description('Run the admission webhook: puts a sidecar into pods of namespaces that opted in')
    .requiredOption('--listen <host:port>', 'for the API server: HTTPS, POST /inject', address)
    .requiredOption('--health <host:port>', '/healthz, /readyz and /metrics over plain HTTP', address)
    .requiredOption('--tls-cert <file>', 'serving certificate (PEM); followed as it changes')
    .requiredOption('--tls-key <file>', 'its key (PEM); followed as it changes')
    .requiredOption('--settings <file>', 'what to inject, as JSON; followed as it changes')
    .requiredOption('--ca <file>', 'who may sign the control plane’s certificate (PEM); followed as it changes')
    .action(async (options: WebhookCommand) => {
      const { startWebhook } = await import('./webhook/process.ts')
      const running = await startWebhook(options)
      await untilStopped(running)
    })
}

const { command, context, run } = createProgram(nodeIo())
addXds(command)
addClassifier(command)
addWebhook(command)
addStory(addLab(command, context), context)
addDemo(command, context)
process.exitCode = await run(process.argv.slice(2))
