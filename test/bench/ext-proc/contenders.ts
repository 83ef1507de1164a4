/** Servers for ext_proc to compare, each a process of its own that says what it has used. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createFront } from '../../../classifier/http/front.ts'
import { createHttp2Server } from '../../../classifier/http/http2/server.ts'
import { aPlan, clean } from '../../../classifier/http/testdata/inspector.ts'
import type { Exchange, Inspector } from '../../../classifier/inspection/model.ts'
import { aProfile } from '../../../classifier/inspection/testdata/builders.ts'
import { kill } from '../../support/processes.ts'
import { serveGrpcJs } from './grpc-js.ts'
import { answerBody } from './load.ts'
import { serveNodeHttp2 } from './node-http2.ts'

export const contenders = ['own', 'node:http2', 'grpc-js'] as const
export type Contender = (typeof contenders)[number]
/** What everything is asked for; an app as people write them. */
type Server = Contender | 'app'

export const profile = 'bench'
export const plan = aPlan({ requestBytes: 0, responses: false })
export const secret = 'bench'

/** Everything passes: what is measured is the front, not who judges. */
function unconcerned(): Inspector {
  const verdict = Promise.resolve(clean)
  const exchange: Exchange = { plan, request: () => verdict, response: () => verdict, more: () => verdict, drop() {} }
  const known = aProfile(profile)
  return { begin: () => exchange, profile: () => known }
}

const servers: Readonly<Record<Server, (socket: string) => Promise<void>>> = {
  own: async (socket) => {
    const { server } = createHttp2Server(createFront({ inspector: unconcerned(), secret }))
    server.listen(socket)
    await once(server, 'listening')
  },
  'node:http2': (socket) => serveNodeHttp2(createFront({ inspector: unconcerned(), secret }), socket),
  'grpc-js': serveGrpcJs,
  app: async (socket) => {
    const server = createServer({ keepAliveTimeout: 600_000 }, (_request, response) => response.end(answerBody))
    server.listen(socket)
    await once(server, 'listening')
  },
}

/** In the child: serves, and answers every message of its parent with the CPU time it has used (µs). */
export async function serve(server: Server, socket: string): Promise<void> {
  await servers[server](socket)
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send!(user + system)
  })
  process.on('disconnect', () => process.exit())
  process.send!(0)
}

export type Running = {
  readonly pid: number
  /** µs since it started. */
  cpu(): Promise<number>
  stop(): Promise<void>
}

export async function start(server: Server, socket: string): Promise<Running> {
  const call = `${serve.name}(${JSON.stringify(server)}, ${JSON.stringify(socket)})`
  const script = `import(${JSON.stringify(import.meta.url)}).then((it) => it.${call})`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await answerOf(child)
  return {
    pid: child.pid!,
    cpu: () => {
      child.send('cpu')
      return answerOf(child)
    },
    stop: () => kill(child),
  }
}

const answerOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    const ended = () => reject(new Error('it ended'))
    child.once('exit', ended)
    child.once('message', (message) => {
      child.off('exit', ended)
      resolve(message as number)
    })
  })
