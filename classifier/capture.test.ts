import { describe, expect, test } from 'vitest'
import { extended, ip, link, pcap, pcapng } from './capture/testdata/build.ts'
import { CaptureError, classifyCapture, classifyNdjson, type LineAnswer } from './capture.ts'

const request = 'GET /votes HTTP/1.1\r\nHost: ui\r\n\r\n'
const response = 'HTTP/1.1 200 OK\r\n\r\n'
const ethernet = link.ethernet!
const client = { from: '10.1.0.1', fromPort: 40000, to: '10.1.0.2', toPort: 80 }
const server = { from: '10.1.0.2', fromPort: 80, to: '10.1.0.1', toPort: 40000 }
const ends = { client: { address: '10.1.0.1', port: 40000 }, server: { address: '10.1.0.2', port: 80 } }

const handshake = [
  ip({ ...client, sequence: 999, flags: 'S' }),
  ip({ ...server, sequence: 4999, flags: 'SA' }),
  ip({ ...client, sequence: 1000, flags: 'A' }),
]
const exchange = [
  ...handshake,
  ip({ ...client, sequence: 1000, payload: request }),
  ip({ ...server, sequence: 5000, payload: response }),
]
const answered = {
  ...ends,
  clientBytes: request.length,
  serverBytes: response.length,
  application: 'http',
  confidence: 'certain',
  decidedBy: 'client',
}

const flows = (packets: readonly Buffer[]): object => classifyCapture(pcap(packets.map(ethernet))).flows

describe('capture files', () => {
  const packets = exchange.map(ethernet)
  const files: Readonly<Record<string, Buffer>> = {
    pcap: pcap(packets),
    'pcap, big endian': pcap(packets, { little: false }),
    'pcap with nanoseconds': pcap(packets, { nano: true }),
    pcapng: pcapng(packets),
    'pcapng, big endian': pcapng(packets, { little: false }),
    'pcapng, obsolete packet blocks': pcapng(packets, { kind: 2 }),
    'pcapng, simple packet blocks': pcapng(packets, { kind: 3 }),
    'pcapng of two sections': Buffer.concat([pcapng(packets.slice(0, 2)), pcapng(packets.slice(2), { little: false })]),
  }
  for (const [name, file] of Object.entries(files)) {
    test(name, () => expect(classifyCapture(file)).toEqual({ flows: [answered], notes: [] }))
  }

  test('a file that breaks off is read up to there', () => {
    const whole = pcap([...packets, ethernet(ip({ ...client, sequence: 2000, payload: 'x'.repeat(100) }))])
    const broken = classifyCapture(whole.subarray(0, -50))
    expect(broken).toEqual({ flows: [answered], notes: ['the file breaks off within a packet'] })
  })

  test('what is no capture is said to be none', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('{"client":""}'), Buffer.alloc(64, 1)]) {
      expect(() => classifyCapture(bytes)).toThrow(CaptureError)
    }
  })

  test('packets of links we cannot read are counted', () => {
    const strange = exchange.slice(0, 3).map((data) => ({ linkType: 147, data }))
    expect(classifyCapture(pcap(strange))).toEqual({ flows: [], notes: ['3 packets of link type 147 were not read'] })
  })
})

describe('links and addresses', () => {
  for (const [name, wrap] of Object.entries(link)) {
    test(name, () => expect(classifyCapture(pcap(exchange.map(wrap))).flows).toEqual([answered]))
  }

  test('IPv6, with and without extension headers, its addresses in short form', () => {
    const [from, to] = ['2001:db8::1:0:0:1', '::1']
    const packets = [
      ip({ from, to, sequence: 999, flags: 'S' }),
      extended(ip({ from, to, sequence: 1000, payload: request })),
    ]
    expect(flows(packets)).toEqual([
      {
        client: { address: '2001:db8::1:0:0:1', port: 40000 },
        server: { address: '::1', port: 80 },
        clientBytes: request.length,
        serverBytes: 0,
        application: 'http',
        confidence: 'certain',
        decidedBy: 'client',
      },
    ])
  })

  test('cut and impossible packets are passed over', () => {
    const packet = ethernet(exchange[3]!)
    const cut = Array.from({ length: 54 }, (_, n) => ({ linkType: 1, data: packet.data.subarray(0, n) }))
    expect(classifyCapture(pcap(cut)).flows).toEqual([])
    const udp = Buffer.from(exchange[3]!)
    udp[9] = 17
    const later = Buffer.from(exchange[3]!)
    later[7] = 1 // a fragment
    const shortHeader = Buffer.from(exchange[3]!)
    shortHeader[32] = 4 << 4
    expect(flows([udp, later, shortHeader])).toEqual([])
  })
})

describe('streams', () => {
  const piece = (from: number, to: number, first = 1000): Buffer =>
    ip({ ...client, sequence: first + from, payload: request.slice(from, to) })
  const asked = { ...answered, serverBytes: 0 }

  test('segments out of order, twice and overlapping', () => {
    const orders = [
      [piece(0, 10), piece(10, 20), piece(20, 99)],
      [piece(20, 99), piece(10, 20), piece(0, 10)],
      [piece(10, 20), piece(0, 10), piece(0, 10), piece(5, 25), piece(20, 99)],
      [piece(0, 12), piece(30, 99), piece(8, 35)],
    ]
    for (const order of orders) expect(flows([...handshake, ...order])).toEqual([asked])
  })

  test('sequence numbers that wrap', () => {
    const first = 0xfffffff8
    const syn = ip({ ...client, sequence: first - 1, flags: 'S' })
    expect(flows([syn, piece(8, 99, first), piece(0, 8, first)])).toEqual([asked])
  })

  test('bytes after a gap do not count', () => {
    const broken = flows([...handshake, piece(0, 4), piece(12, 99)])
    expect(broken).toMatchObject([{ clientBytes: 4, application: 'unknown' }])
  })

  test('data on the SYN, and padding counted as data', () => {
    expect(flows([ip({ ...client, sequence: 999, flags: 'S', payload: request })])).toEqual([asked])
    const padding = ip({ ...client, sequence: 1000, flags: 'A', payload: '\0'.repeat(6) })
    expect(flows([...handshake, padding, piece(0, 99)])).toEqual([asked])
  })

  test('only the first 4 KB of a direction are kept', () => {
    const long = `POST / HTTP/1.1\r\n\r\n${'x'.repeat(20_000)}`
    const packets = Array.from({ length: 20 }, (_, n) =>
      ip({ ...client, sequence: 1000 + n * 1000, payload: long.slice(n * 1000, (n + 1) * 1000) }),
    )
    expect(flows([...handshake, ...packets])).toMatchObject([{ clientBytes: 4096, application: 'http' }])
  })
})

describe('who is the client', () => {
  test('who sent the SYN, or got the SYN ACK', () => {
    expect(flows([handshake[1]!, ...exchange.slice(3)])).toEqual([answered])
  })

  test('without a handshake, whoever makes sense as the client', () => {
    const odd = { from: '10.1.0.1', fromPort: 80, to: '10.1.0.2', toPort: 40000 }
    expect(flows([ip({ ...odd, payload: request })])).toMatchObject([
      { client: { address: '10.1.0.1', port: 80 }, application: 'http' },
    ])
    const greeting = ip({ ...server, payload: '220 mail ESMTP\r\n' })
    expect(flows([greeting])).toMatchObject([{ client: ends.client, application: 'smtp', decidedBy: 'server' }])
  })

  test('without either, whoever has the higher port', () => {
    const packets = [ip({ ...server, payload: '\x01\x02' }), ip({ ...client, payload: '\x03\x04' })]
    expect(flows(packets)).toMatchObject([{ ...ends, application: 'unknown', confidence: 'none' }])
  })

  test('a capture that began with the second segment of a stream', () => {
    const packets = [
      ip({ ...client, sequence: 1010, payload: request.slice(10) }),
      ip({ ...client, sequence: 1000, payload: request.slice(0, 10) }),
    ]
    expect(flows(packets)).toMatchObject([{ clientBytes: request.length, application: 'http' }])
  })

  test('addresses and ports used again are another connection', () => {
    const again = [
      ip({ ...client, sequence: 77_000, flags: 'S' }),
      ip({ ...client, sequence: 77_001, payload: 'SSH-2.0-x\r\n' }),
    ]
    const repeated = ip({ ...client, sequence: 999, flags: 'S' })
    expect(flows([...exchange, repeated, ...again])).toMatchObject([answered, { ...ends, application: 'ssh' }])
  })
})

test('connections past the table are left out, and said to be', () => {
  const many = Array.from({ length: 50_003 }, (_, n) =>
    ip({ from: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, to: '10.9.9.9', payload: 'x' }),
  )
  const answer = classifyCapture(pcap(many.map(link['raw IP']!)))
  expect(answer.flows).toHaveLength(50_000)
  expect(answer.notes).toEqual(['3 packets belong to connections beyond the first 50000'])
})

describe('NDJSON', () => {
  async function* chunks(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
    yield* parts
  }
  const answers = async (...parts: readonly (string | Uint8Array)[]): Promise<readonly LineAnswer[]> => {
    const all: LineAnswer[] = []
    for await (const answer of classifyNdjson(chunks(...parts))) all.push(answer)
    return all
  }
  const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64')

  test('each line has its answer, however the stream is cut', async () => {
    const lines = [
      JSON.stringify({ id: 'a', client: base64(request), server: base64(response) }),
      '',
      JSON.stringify({ id: 2, server: base64('220 mail ESMTP\r\n') }),
      JSON.stringify({ client: base64('\xff\xff'), server: '', end: true }),
      JSON.stringify({ client: base64('GET /'), end: false }),
    ].join('\r\n')
    const expected = [
      { line: 1, id: 'a', application: 'http', confidence: 'certain', decidedBy: 'client' },
      { line: 3, id: 2, application: 'smtp', confidence: 'certain', decidedBy: 'server' },
      { line: 4, application: 'unknown', confidence: 'none', decidedBy: 'client' },
      { line: 5, application: 'unknown', confidence: 'none', decidedBy: 'client' },
    ]
    expect(await answers(lines)).toEqual(expected)
    expect(await answers(...Buffer.from(lines).toString('latin1'))).toEqual(expected)
    expect(await answers(Buffer.from(`${lines}\n`))).toEqual(expected)
  })

  test('a line that cannot be read says why, and the next is answered', async () => {
    const problems = await answers(
      ['nonsense', '[]', '{}', '{"client": 1}', '{"client": "*"}', '{"client": "", "end": 1}', '{"client": ""}'].join(
        '\n',
      ),
    )
    expect(problems.map((answer) => ('problem' in answer ? answer.problem : answer.application))).toEqual([
      expect.stringContaining('JSON'),
      'not an object',
      'neither client nor server',
      'client: not base64',
      'client: not base64',
      'end: neither true nor false',
      'unknown',
    ])
  })

  test('a line without end is a problem, not memory', async () => {
    const piece = 'x'.repeat(300_000)
    expect(await answers(piece, piece, piece, piece, piece, '\n{"client":""}')).toEqual([
      { line: 1, problem: 'longer than 1048576 characters' },
      { line: 2, application: 'unknown', confidence: 'none', decidedBy: 'client' },
    ])
  })
})
