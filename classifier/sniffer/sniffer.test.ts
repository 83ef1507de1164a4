import { beforeAll, describe, expect, test } from 'vitest'
import { setWindow } from '../protocol/bytes.ts'
import { nameOf, UNDECIDED } from '../protocol/names.ts'
import { classifyClient, classifyServer } from '../protocol/signatures.ts'
import { type Sample, samples } from '../protocol/testdata/samples.ts'
import { buildSniffer } from './build.ts'
import { type Connection, Envoy } from './testdata/envoy.ts'
import { mutate, random } from './testdata/fuzz.ts'

/** Raise it for a long run: POSTERN_FUZZ=5000000. */
const fuzzed = Number(process.env.POSTERN_FUZZ ?? 200_000)
const window = 4096
const text = (latin1: string): Uint8Array => Buffer.from(latin1, 'latin1')

let module: WebAssembly.Module
beforeAll(async () => {
  module = new WebAssembly.Module((await buildSniffer()).wasm)
})

type Side = Sample['side']
const none = new Uint8Array(0)

/** What Node's build says; `undecided` while more bytes could tell. */
function inNode(side: Side, bytes: Uint8Array, end: boolean): string {
  setWindow(bytes)
  const answer =
    side === 'client' ? classifyClient(end || bytes.length >= window) : classifyServer(end || bytes.length >= window)
  return answer === UNDECIDED ? 'undecided' : nameOf(answer)
}

/** What the sniffer publishes for a connection that begins so; no greeting is listed, so that undecided ones are held. */
function inEnvoy(envoy: Envoy, id: number, side: Side, bytes: Uint8Array, end: boolean): string {
  const { published } = envoy.connect(id, 'none')
  if (side === 'client') envoy.client(id, bytes, end)
  else envoy.server(id, bytes, end)
  const answer = published.get('postern.app') ?? 'undecided'
  envoy.disconnect(id)
  return answer
}

describe('both builds say the same', () => {
  test('of every sample and every beginning of it', () => {
    const envoy = new Envoy(module)
    const different: string[] = []
    let id = 10
    for (const { side, what, bytes } of samples) {
      for (let n = 1; n <= Math.min(bytes.length, 600); n++) {
        for (const end of [false, true]) {
          const prefix = bytes.subarray(0, n)
          const [node, wasm] = [inNode(side, prefix, end), inEnvoy(envoy, ++id, side, prefix, end)]
          if (node !== wasm) different.push(`${side}: ${what}: ${n} bytes: node ${node}, wasm ${wasm}`)
        }
      }
    }
    expect(different).toEqual([])
  })

  test('of samples in two pieces, split anywhere, and byte by byte', () => {
    const envoy = new Envoy(module)
    const different: string[] = []
    let id = 10
    const pieces = (side: Side, parts: readonly Uint8Array[]): string | undefined => {
      const { published } = envoy.connect(++id, '*')
      for (const part of parts) {
        if (side === 'client') envoy.client(id, part)
        else envoy.server(id, part)
      }
      envoy.wait(600)
      envoy.disconnect(id)
      return published.get('postern.app')
    }
    for (const { side, application, what, bytes } of samples) {
      const short = bytes.subarray(0, 300)
      const splits = Array.from({ length: short.length - 1 }, (_, n) => [
        short.subarray(0, n + 1),
        short.subarray(n + 1),
      ])
      for (const parts of [...splits, [...short].map((byte) => Uint8Array.of(byte))]) {
        const answer = pieces(side, parts)
        if (bytes.length < 300 && answer !== application)
          different.push(`${side}: ${what}: ${parts[0]!.length}: ${answer}`)
      }
    }
    expect(different).toEqual([])
  })

  test(`of ${fuzzed.toLocaleString('en')} random and mutated inputs, without a trap`, () => {
    const envoy = new Envoy(module)
    const next = random(20261124)
    const memory = envoy.memoryBytes
    for (let n = 0; n < fuzzed; n++) {
      const { side, bytes } = mutate(samples, next)
      if (bytes.length === 0) continue
      const end = next(2) === 0
      const [node, wasm] = [inNode(side, bytes, end), inEnvoy(envoy, n + 10, side, bytes, end)]
      if (node !== wasm)
        expect.fail(`${side} ${Buffer.from(bytes).toString('hex')} end ${end}: node ${node}, wasm ${wasm}`)
    }
    expect(envoy.memoryBytes).toBe(memory)
  })
})

describe('a client that speaks first', () => {
  test('is held until it is known, and loses nothing', () => {
    const envoy = new Envoy(module)
    const connection = envoy.connect(10)
    expect(envoy.client(10, text('GET /'))).toBe(false)
    expect(connection.published.size).toBe(0)
    expect(envoy.client(10, text(' HTTP/1.1\r\n'))).toBe(true)
    expect(connection.published).toEqual(new Map([['postern.app', 'http']]))
    expect(connection.toServer).toBe('GET / HTTP/1.1\r\n'.length)
    expect(envoy.client(10, text('Host: x\r\n\r\n'))).toBe(true)
  })

  test('is let go as unknown after the configured silence, counted from its last byte', () => {
    const envoy = new Envoy(module, '200')
    const connection = envoy.connect(10)
    envoy.client(10, text('GET'))
    envoy.wait(150)
    envoy.client(10, text(' '))
    envoy.wait(150)
    expect(connection.toServer).toBe(0)
    envoy.wait(150)
    expect(connection.published.get('postern.app')).toBe('unknown')
    expect(connection.toServer).toBe(4)
    expect(envoy.tickEvery).toBe(0)
  })

  test('is named at the silence where what it sent can only be that', () => {
    const envoy = new Envoy(module)
    const connection = envoy.connect(10)
    const hello = samples.find((s) => s.what === 'TLS 1.2 hello')!.bytes
    envoy.client(10, hello.subarray(0, 90))
    envoy.wait(400)
    expect(connection.published.get('postern.app')).toBe('tls')
  })

  test('is unknown when it stops with the end of its stream, and never held then', () => {
    const envoy = new Envoy(module)
    const connection = envoy.connect(10)
    expect(envoy.client(10, text('GET'), true)).toBe(true)
    expect(connection.published.get('postern.app')).toBe('unknown')
  })

  test('is unknown after 4 KB of what may still become a request line', () => {
    const envoy = new Envoy(module)
    const connection = envoy.connect(10)
    envoy.client(10, text(`PROPFIND /${'a'.repeat(4000)}`))
    expect(connection.published.size).toBe(0)
    envoy.client(10, text('a'.repeat(200)))
    expect(connection.published.get('postern.app')).toBe('unknown')
  })

  test('tells the name it asks TLS for', () => {
    const envoy = new Envoy(module)
    const connection = envoy.connect(10)
    envoy.client(10, samples.find((s) => s.what === 'TLS 1.2 hello')!.bytes)
    expect(connection.published).toEqual(
      new Map([
        ['postern.app', 'tls'],
        ['postern.sni', 'yelb.example'],
      ]),
    )
  })

  test('leaves no timer behind when it goes while held', () => {
    const envoy = new Envoy(module)
    const connection = envoy.connect(10)
    envoy.client(10, text('GET'))
    envoy.disconnect(10)
    expect(connection.published.get('postern.app')).toBe('unknown')
    envoy.wait(1000)
    expect(envoy.tickEvery).toBe(0)
  })
})

describe('a server that speaks first', () => {
  const greet = (
    greetings: string | undefined,
    ...pieces: readonly string[]
  ): { connection: Connection; envoy: Envoy } => {
    const envoy = new Envoy(module)
    const connection = envoy.connect(10, greetings)
    for (const piece of pieces) envoy.server(10, text(piece))
    return { connection, envoy }
  }
  const seen = ({ published, toClient, closed }: Connection): object => ({
    ...Object.fromEntries(published),
    toClient,
    closed,
  })

  test('passes where its greeting is listed, anything is, or nothing is said', () => {
    const passed = { 'postern.app': 'ssh', toClient: 11, closed: false }
    for (const list of ['ssh', 'smtp,ssh', 'ssh,smtp', '*', undefined]) {
      expect(seen(greet(list, 'SSH-2.0-x\r\n').connection)).toEqual(passed)
    }
  })

  test('is cut before the client has a byte where its greeting is not listed', () => {
    const refused = { 'postern.app': 'ssh', 'postern.refused': 'ssh', toClient: 0, closed: true }
    for (const list of ['smtp', 'sshd', 'ss,h', 'unknown', '', ' ssh', 'x'.repeat(600)]) {
      expect(seen(greet(list, 'SSH-2.0-x\r\n').connection)).toEqual(refused)
    }
  })

  test('is cut as unknown where that is not listed, and passes where it is', () => {
    const refused = { 'postern.app': 'unknown', 'postern.refused': 'unknown', toClient: 0, closed: true }
    expect(seen(greet('smtp', '\x01\x02\x03\x04\x05').connection)).toEqual(refused)
    expect(seen(greet('smtp,unknown', '\x01\x02\x03\x04\x05').connection)).toEqual({
      'postern.app': 'unknown',
      toClient: 5,
      closed: false,
    })
  })

  test('is held while a piece of its greeting is there, where unknown may not pass', () => {
    const { connection, envoy } = greet('smtp', '22', '0 mail ES')
    expect(seen(connection)).toEqual({ toClient: 0, closed: false })
    envoy.server(10, text('MTP\r\n'))
    expect(seen(connection)).toEqual({ 'postern.app': 'smtp', toClient: 16, closed: false })
  })

  test('is cut when nothing follows the piece', () => {
    const { connection, envoy } = greet('smtp', '22')
    envoy.wait(400)
    expect(seen(connection)).toEqual({
      'postern.app': 'unknown',
      'postern.refused': 'unknown',
      toClient: 0,
      closed: true,
    })
  })

  test('is told by its pieces together where they need not be held', () => {
    const { connection } = greet('*', '22', '0 mail ES', 'MTP\r\n')
    expect(seen(connection)).toEqual({ 'postern.app': 'smtp', toClient: 16, closed: false })
  })

  test('has its client wait for the verdict on it, which then goes on', () => {
    const { connection, envoy } = greet('smtp', '22')
    expect(envoy.client(10, text('EHLO x\r\n'))).toBe(false)
    envoy.server(10, text('0 a ESMTP\r\n'))
    expect(connection.published.get('postern.app')).toBe('smtp')
    expect(connection.toServer).toBe(8)
  })

  test('held in pieces, it is judged even if its client has ended its stream', () => {
    const { connection, envoy } = greet('smtp', 'SSH-')
    expect(envoy.client(10, text('GET / HTTP/1.1\r\n\r\n'), true)).toBe(true)
    envoy.server(10, text('2.0-x\r\n'))
    expect(seen(connection)).toEqual({ 'postern.app': 'ssh', 'postern.refused': 'ssh', toClient: 0, closed: true })
  })

  test('tells more than a client whose bytes told nothing', () => {
    const envoy = new Envoy(module)
    const connection = envoy.connect(10, 'unknown,http')
    envoy.client(10, text('hello, world\r\n'))
    expect(connection.published.get('postern.app')).toBe('unknown')
    envoy.server(10, text('SSH-2.0-x\r\n'))
    expect(seen(connection)).toEqual({ 'postern.app': 'ssh', 'postern.refused': 'ssh', toClient: 0, closed: true })
  })

  test('is judged too when its client closed its side at once', () => {
    const envoy = new Envoy(module)
    const connection = envoy.connect(10, 'smtp')
    expect(envoy.client(10, none, true)).toBe(true)
    envoy.server(10, text('SSH-2.0-x\r\n'))
    expect(connection.closed).toBe(true)
  })

  test('is not judged once its client is known', () => {
    const envoy = new Envoy(module)
    const connection = envoy.connect(10, 'http')
    envoy.client(10, text('GET / HTTP/1.1\r\n'))
    envoy.server(10, text('SSH-2.0-x\r\n'))
    expect(seen(connection)).toEqual({ 'postern.app': 'http', toClient: 11, closed: false })
  })

  test('greeting with a bare 220 passes where SMTP or FTP may, and the command tells which', () => {
    const commands = { 'USER bob\r\n': 'ftp', 'EHLO me\r\n': 'smtp', 'QUIT\r\n': 'unknown' }
    for (const [command, application] of Object.entries(commands)) {
      const { connection, envoy } = greet('ftp', '220 Welcome\r\n')
      expect(connection.closed).toBe(false)
      envoy.client(10, text(command))
      envoy.wait(400)
      expect(connection.published.get('postern.app')).toBe(application)
    }
    expect(greet('ssh', '220 Welcome\r\n').connection.closed).toBe(true)
  })
})

describe('capacity', () => {
  test('65,536 undecided connections are noted down; further ones are judged unknown at once', () => {
    const envoy = new Envoy(module)
    for (let id = 10; id < 10 + 65_536; id++) envoy.connect(id)
    const beyond = envoy.connect(100_000)
    expect(beyond.published.get('postern.app')).toBe('unknown')
    expect(envoy.connect(100_001, 'smtp').closed).toBe(true)
    expect(envoy.connect(100_002, 'unknown').closed).toBe(false)
    envoy.disconnect(10)
    expect(envoy.connect(100_003).published.size).toBe(0)
    envoy.client(70_000 - 4_465, text('GET / HTTP/1.1\r\n'))
  })

  test('decided connections take no room, however many live', () => {
    const envoy = new Envoy(module)
    const memory = envoy.memoryBytes
    for (let id = 10; id < 200_010; id++) {
      envoy.connect(id)
      envoy.client(id, text('PING\r\n'))
    }
    expect(envoy.connect(300_000).published.size).toBe(0)
    expect(envoy.memoryBytes).toBe(memory)
  })

  test('ids that share a place in the table are kept apart', () => {
    const envoy = new Envoy(module)
    const [a, b, c] = [7, 7 + 65_536, 7 + 131_072].map((id) => envoy.connect(id))
    envoy.client(7 + 65_536, text('PING\r\n'))
    envoy.client(7, text('GET / HTTP/1.1\r\n'))
    envoy.client(7 + 131_072, text('SSH-2.0-x\r\n'))
    expect([a, b, c].map((x) => x!.published.get('postern.app'))).toEqual(['http', 'redis', 'ssh'])
  })
})

describe('configuration', () => {
  test('a number of milliseconds from 10 to 10,000, or nothing', () => {
    const taken = ['', '10', '300', '10000'].map((c) => new Envoy(module, c).configured)
    const refused = ['9', '10001', 'x', '300ms', '-1', '99999999', ' 300'].map((c) => new Envoy(module, c).configured)
    expect([taken, refused]).toEqual([Array(4).fill(true), Array(7).fill(false)])
  })
})

test('any order of events: nothing traps, an ended stream is never held, what is refused never reaches the client', () => {
  const envoy = new Envoy(module)
  const next = random(7)
  const live = new Map<number, Connection>()
  const lists = [undefined, '*', 'smtp', 'ssh,http', 'unknown', '']
  for (let step = 0, id = 10; step < 100_000; step++) {
    const ids = [...live.keys()]
    const picked = ids[next(ids.length || 1)]
    const action = next(10)
    if (picked === undefined || action === 0) live.set(++id, envoy.connect(id, lists[next(lists.length)]))
    else if (action === 1) {
      envoy.disconnect(picked)
      live.delete(picked)
    } else if (action === 2) envoy.wait(next(400))
    else {
      const { bytes } = mutate(samples, next)
      const piece = bytes.subarray(0, next(40))
      const connection = live.get(picked)!
      const end = next(8) === 0
      if (action < 7) {
        const passed = envoy.client(picked, piece, end)
        if (connection.end && !passed) expect.fail('held at the end of the stream')
      } else {
        const passed = envoy.server(picked, piece, end)
        if (end && !passed && !connection.closed) expect.fail('held at the end of the server stream')
      }
    }
    if (live.size > 200) {
      for (const [old] of [...live].slice(0, 50)) {
        envoy.disconnect(old)
        live.delete(old)
      }
    }
  }
  envoy.wait(1000)
  expect(envoy.tickEvery).toBe(0)
})
