/** The sniffer in a real Envoy 1.40: what it names, what it holds, what it refuses, and that it stays up. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { samples } from '../../classifier/protocol/testdata/samples.ts'
import { type SnifferEnvoy, startSnifferEnvoy } from './sniffer-envoy.ts'
import { greeter, talk } from './sniffer-peers.ts'

const port = {
  echo: 23100,
  smtp: 23101,
  ssh: 23102,
  pieces: 23103,
  half: 23104,
  plain220: 23105,
} as const

/** One listener a scenario. */
const at = {
  clientFirst: 23110,
  immediate: 23111,
  onlyRedis: 23112,
  smtpListed: 23113,
  smtpNotListed: 23114,
  anyGreeting: 23115,
  piecesHeld: 23116,
  piecesPass: 23117,
  halfHeld: 23118,
  halfListed: 23119,
  ftpListed: 23120,
  onlySmtp: 23121,
} as const

let envoy: SnifferEnvoy
let servers: readonly Server[]

beforeAll(async () => {
  servers = await Promise.all([
    greeter(port.echo),
    greeter(port.smtp, '220 mail.example.com ESMTP Postfix\r\n'),
    greeter(port.ssh, 'SSH-2.0-OpenSSH_9.2p1\r\n'),
    greeter(port.pieces, '22', '0 mail ES', 'MTP\r\n'),
    greeter(port.half, '22'),
    greeter(port.plain220, '220 Welcome\r\n'),
  ])
  envoy = await startSnifferEnvoy([
    { port: at.clientFirst, upstream: port.echo, clientFirst: true },
    { port: at.immediate, upstream: port.echo },
    { port: at.onlyRedis, upstream: port.echo, allow: ['redis'], clientFirst: true },
    { port: at.smtpListed, upstream: port.smtp, greetings: 'ssh,smtp' },
    { port: at.smtpNotListed, upstream: port.smtp, greetings: 'ssh' },
    { port: at.anyGreeting, upstream: port.ssh, greetings: '*' },
    { port: at.piecesHeld, upstream: port.pieces, greetings: 'smtp' },
    { port: at.piecesPass, upstream: port.pieces, greetings: '*' },
    { port: at.halfHeld, upstream: port.half, greetings: 'smtp' },
    { port: at.halfListed, upstream: port.half, greetings: 'smtp,unknown' },
    { port: at.ftpListed, upstream: port.plain220, greetings: 'ftp', allow: ['ftp'] },
    { port: at.onlySmtp, upstream: port.smtp, greetings: 'smtp', allow: ['smtp'] },
  ])
}, 60_000)

afterAll(async () => {
  await envoy?.stop()
  for (const server of servers ?? []) server.close()
})

const whole = { until: /echo:/ }

describe('client first', () => {
  test('each protocol is named by its first bytes', async () => {
    const seen: Record<string, string> = {}
    const first = new Map(
      samples.filter((s) => s.side === 'client' && s.bytes.length < 4000).map((s) => [s.application, s]),
    )
    for (const [application, { bytes }] of first) {
      await talk(at.clientFirst, bytes, whole)
      seen[application] = (await envoy.log(at.clientFirst)).app
    }
    expect(seen).toEqual(Object.fromEntries([...first.keys()].map((application) => [application, application])))
  })

  test('byte by byte: held until known, and nothing is lost', async () => {
    const request = 'GET /votes HTTP/1.1\r\nHost: ui\r\n\r\n'
    const { heard } = await talk(at.clientFirst, ...request, { until: /\r\n\r\n/ })
    expect(heard.replaceAll('echo:', '')).toBe(request)
    expect((await envoy.log(at.clientFirst)).app).toBe('http')
  })

  test('what is not known after 300 ms of silence goes on as unknown', async () => {
    const { heard } = await talk(at.clientFirst, 'GE', whole)
    expect(heard).toBe('echo:GE')
    expect((await envoy.log(at.clientFirst)).app).toBe('unknown')
  })

  test('a client that closes its side while it is held is not held any longer', async () => {
    const { heard } = await talk(at.clientFirst, 'GE', 'end')
    expect(heard).toBe('echo:GEbye')
    expect((await envoy.log(at.clientFirst)).app).toBe('unknown')
  })

  test('a client that closes its side without a byte still gets its answer', async () => {
    const { heard } = await talk(at.immediate, 'end')
    expect(heard).toBe('bye')
    expect((await envoy.log(at.immediate)).app).toBe('unknown')
  })

  test('a silent client harms nobody, and is unknown when it leaves', async () => {
    const silent = connect(at.clientFirst, '127.0.0.1')
    await once(silent, 'connect')
    expect((await talk(at.clientFirst, 'PING\r\n', whole)).heard).toBe('echo:PING\r\n')
    expect((await envoy.log(at.clientFirst)).app).toBe('redis')
    silent.destroy()
    expect(await envoy.log(at.clientFirst)).toMatchObject({ app: 'unknown', received: '0' })
  })

  test('TLS tells the name it asked for', async () => {
    await talk(at.clientFirst, samples.find((s) => s.what === 'TLS 1.2 hello')!.bytes, whole)
    expect(await envoy.log(at.clientFirst)).toMatchObject({ app: 'tls', sni: 'yelb.example' })
  })

  test('RBAC decides by it, also when the bytes come one by one', async () => {
    const ping = '*1\r\n$4\r\nPING\r\n'
    expect((await talk(at.onlyRedis, ...ping, { until: /PING\r\n$/ })).heard.replaceAll('echo:', '')).toBe(ping)
    expect((await envoy.log(at.onlyRedis)).app).toBe('redis')

    expect((await talk(at.onlyRedis, ...'GET / HTTP/1.1\r\n\r\n')).heard).toBe('')
    expect(await envoy.log(at.onlyRedis)).toMatchObject({
      app: 'http',
      sent: '0',
      details: 'rbac_access_denied_matched_policy[default]',
    })
  })
})

describe('server first', () => {
  test('a greeting that is listed passes, and RBAC lets the client go on by it', async () => {
    const { heard } = await talk(at.onlySmtp, { until: /ESMTP Postfix\r\n$/ }, 'EHLO me\r\n', whole)
    expect(heard).toBe('220 mail.example.com ESMTP Postfix\r\necho:EHLO me\r\n')
    expect(await envoy.log(at.onlySmtp)).toMatchObject({ app: 'smtp', refused: '-' })
    await talk(at.smtpListed, { until: /\r\n/ })
    expect(await envoy.log(at.smtpListed)).toMatchObject({ app: 'smtp', refused: '-' })
  })

  test('a greeting that is not listed: the client gets no byte, and the log says which', async () => {
    expect(await talk(at.smtpNotListed)).toEqual({ heard: '', reset: false })
    expect(await envoy.log(at.smtpNotListed)).toMatchObject({ app: 'smtp', refused: 'smtp', received: '0', sent: '0' })
  })

  test('any greeting passes where the list is *', async () => {
    expect((await talk(at.anyGreeting, { until: /\r\n/ })).heard).toBe('SSH-2.0-OpenSSH_9.2p1\r\n')
    expect(await envoy.log(at.anyGreeting)).toMatchObject({ app: 'ssh', refused: '-' })
  })

  test('in pieces: held together where it must be, passed piece by piece where it may', async () => {
    for (const listener of [at.piecesHeld, at.piecesPass]) {
      expect((await talk(listener, { until: /\r\n/ })).heard).toBe('220 mail ESMTP\r\n')
      expect(await envoy.log(listener)).toMatchObject({ app: 'smtp', refused: '-' })
    }
  })

  test('half a greeting is refused as unknown after the silence, or passes as unknown', async () => {
    expect(await talk(at.halfHeld)).toEqual({ heard: '', reset: false })
    expect(await envoy.log(at.halfHeld)).toMatchObject({ app: 'unknown', refused: 'unknown', sent: '0' })

    const { heard } = await talk(at.halfListed, { until: /22/ }, 'x', 'end', { until: /bye/ })
    expect(heard).toBe('22echo:xbye')
    expect(await envoy.log(at.halfListed)).toMatchObject({ app: 'unknown', refused: '-' })
  })

  test('a 220 that says no more passes where FTP may, and the first command is judged', async () => {
    expect((await talk(at.ftpListed, { until: /\r\n/ }, 'USER bob\r\n', whole)).heard).toBe(
      '220 Welcome\r\necho:USER bob\r\n',
    )
    expect(await envoy.log(at.ftpListed)).toMatchObject({ app: 'ftp' })

    expect((await talk(at.ftpListed, { until: /\r\n/ }, 'EHLO me\r\n', whole)).heard).toBe('220 Welcome\r\n')
    expect(await envoy.log(at.ftpListed)).toMatchObject({ app: 'smtp', details: expect.stringContaining('[default]') })
  })
})

test('2,000 connections open at once, each held with half a request, are all named; no VM was reloaded', async () => {
  const before = residentKilobytes(envoy.pid)
  const sockets = await Promise.all(Array.from({ length: 2000 }, () => opened(at.clientFirst)))
  for (const socket of sockets) socket.write('*1\r\n$4')
  for (const socket of sockets) socket.write('\r\nPING\r\n')
  await Promise.all(sockets.map((socket) => once(socket, 'data')))
  const held = residentKilobytes(envoy.pid)
  for (const socket of sockets) socket.destroy()
  const named = await Promise.all(sockets.map(async () => (await envoy.log(at.clientFirst)).app))
  expect(named.filter((app) => app !== 'redis')).toEqual([])
  process.stdout.write(`envoy: ${before} KB resident, ${held} KB with 2,000 connections\n`)

  const stats = await envoy.stats(/^wasm\..*(reload|failed)|^listener\.127.*downstream_cx_active$/)
  expect(Object.keys(stats).some((name) => name.includes('vm_reload'))).toBe(true)
  expect(Object.values(stats).filter((value) => value !== 0)).toEqual([])
})

async function opened(listener: number): Promise<Socket> {
  const socket = connect({ port: listener, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

function residentKilobytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1])
}
