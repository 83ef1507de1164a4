/**
 * Conversations as software of all kinds begins them, with names, lengths, versions and options drawn at random: no two runs
 * of a client look alike. Written from the protocols' documents, not from our recognisers.
 */
type Random = (below: number) => number

export type Conversation = { readonly application: string; readonly client: Uint8Array; readonly server: Uint8Array }

type Part = string | Uint8Array
type Build = (r: Dice) => { readonly client?: readonly Part[]; readonly server?: readonly Part[] }

const join = (parts: readonly Part[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))
const u8 = (value: number): Uint8Array => Uint8Array.of(value & 255)
const u16 = (value: number): Uint8Array => Uint8Array.of((value >> 8) & 255, value & 255)
const u32 = (value: number): Uint8Array => Buffer.concat([u16(value >>> 16), u16(value)])
const le = (value: number, bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, i) => (value >>> (8 * i)) & 255)
const sized = (size: (n: number) => Uint8Array, ...parts: readonly Part[]): Uint8Array => {
  const body = join(parts)
  return join([size(body.length), body])
}

const letters = 'abcdefghijklmnopqrstuvwxyz'

/** What builders draw from. */
class Dice {
  readonly #next: Random
  constructor(next: Random) {
    this.#next = next
  }
  number(low: number, high: number): number {
    return low + this.#next(high - low + 1)
  }
  pick<T>(...choices: readonly T[]): T {
    return choices[this.#next(choices.length)]!
  }
  word(low = 1, high = 12): string {
    return Array.from({ length: this.number(low, high) }, () => letters[this.#next(26)]).join('')
  }
  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#next(256))
  }
  host(): string {
    return this.pick(this.word(), `${this.word()}.${this.word()}.svc.cluster.local`, `${this.word(2)}.example.com`)
  }
}

const crlf = '\r\n'

const http: Build = (r) => {
  const method = r.pick('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS', 'PROPFIND', 'REPORT', 'PURGE')
  const query = r.pick('', `?${r.word()}=${r.number(0, 9999)}`, `?q=${r.word()}%20${r.word()}`)
  const headers = Array.from({ length: r.number(0, 5) }, () => `${r.word(3)}: ${r.word()}${crlf}`)
  return {
    client: [`${method} /${r.word()}/${r.word(0)}${query} HTTP/1.${r.pick(0, 1)}${crlf}Host: ${r.host()}${crlf}`, ...headers, crlf],
    server: [`HTTP/1.1 ${r.pick(200, 204, 301, 404, 500)} ${r.pick('OK', 'Found', '')}${crlf}Server: ${r.word()}${crlf}${crlf}`],
  }
}

const settings = (r: Dice): Uint8Array => {
  const body = Array.from({ length: r.number(0, 4) }, () => join([u16(r.number(1, 6)), u32(r.number(0, 1 << 20))]))
  return join([Uint8Array.of(0, 0, body.length * 6, 4, 0), u32(0), ...body])
}

const http2: Build = (r) => ({ client: ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', settings(r)], server: [settings(r)] })

const tls: Build = (r) => {
  const session = r.bytes(r.pick(0, 32))
  const suites = r.bytes(2 * r.number(1, 40))
  const name = sized(u16, sized(u16, u8(0), sized(u16, r.host())))
  const extensions = sized(u16, u16(0), name, u16(r.number(10, 60)), sized(u16, r.bytes(r.number(0, 300))))
  const hello = join([Uint8Array.of(3, r.number(1, 3)), r.bytes(32), sized(u8, session), sized(u16, suites), Uint8Array.of(1, 0), extensions])
  const reply = join([Uint8Array.of(3, 3), r.bytes(32), sized(u8, session), suites.subarray(0, 2), u8(0), sized(u16)])
  const record = (type: number, body: Uint8Array): Uint8Array =>
    join([Uint8Array.of(22, 3, r.number(1, 3)), sized(u16, Uint8Array.of(type, 0), sized(u16, body))])
  return { client: [record(1, hello)], server: r.pick([record(2, reply)], [Uint8Array.of(21, 3, 3, 0, 2, 2, r.pick(40, 70, 80))]) }
}

const ssh: Build = (r) => ({
  client: [`SSH-2.0-${r.pick('OpenSSH_9.2p1', 'PuTTY_Release_0.80', 'Go', 'libssh2_1.11.0', 'paramiko_3.4.0')}${crlf}`],
  server: [`SSH-2.0-${r.pick('OpenSSH_8.9p1 Ubuntu-3', 'dropbear_2022.83', 'Cisco-1.25', r.word())}${crlf}`],
})

const postgresql: Build = (r) => {
  const options = [`user\0${r.word()}\0`, `database\0${r.word()}\0`, `application_name\0${r.word()}\0`].slice(0, r.number(1, 3))
  const startup = join([u32(r.pick(196608, 196610)), ...(r.pick(true, false) ? options.reverse() : options), '\0'])
  const key = r.bytes(r.pick(4, 32))
  return {
    client: r.pick<readonly Part[]>(
      [u32(startup.length + 4), startup],
      [u32(8), u32(r.pick(80877103, 80877104))],
      [u32(12 + key.length), u32(80877102), r.bytes(4), key],
    ),
    server: r.pick<readonly Part[]>(['N'], ['S'], ['R', u32(8), u32(0)], ['R', u32(12), u32(5), r.bytes(4)], ['R', u32(23), u32(10), 'SCRAM-SHA-256\0\0']),
  }
}

const mysql: Build = (r) => {
  const version = r.pick(`8.${r.number(0, 4)}.${r.number(0, 40)}`, `5.5.5-10.${r.number(2, 11)}.${r.number(0, 30)}-MariaDB`, '5.7.44-log', '8.0.11-TiDB-v7.5.0')
  const salt = r.word(8, 8)
  const greeting = join([u8(10), `${version}\0`, r.bytes(4), salt, u8(0), le(0xf7ff, 2), u8(r.pick(8, 33, 45, 255)), r.bytes(2), le(0x81ff, 2), u8(21), new Uint8Array(10), `${r.word(12, 12)}\0mysql_native_password\0`])
  const response = join([le(0x00aea28d | 0x200, 4), le(1 << 24, 4), u8(r.pick(8, 33, 45, 255)), new Uint8Array(23), `${r.word()}\0`, u8(20), r.bytes(20), `${r.word()}\0`])
  return {
    client: [le(response.length, 3), u8(1), response],
    server: r.pick([le(greeting.length, 3), u8(0), greeting], [le(23, 3), Uint8Array.of(0, 255), le(1040, 2), 'Too many connections']),
  }
}

const redis: Build = (r) => {
  const name = r.pick('PING', 'GET', 'set', 'LPUSH', 'CLIENT', 'HELLO', 'AUTH', 'SUBSCRIBE', 'hgetall', 'EVALSHA')
  const args = Array.from({ length: r.number(0, 4) }, () => r.word(0, 30))
  const command = [name, ...args].map((a) => `$${a.length}${crlf}${a}${crlf}`)
  return { client: [`*${command.length}${crlf}`, ...command], server: [r.pick('+PONG\r\n', '+OK\r\n', '$-1\r\n', ':1\r\n', '-NOAUTH Authentication required.\r\n')] }
}

const bson = (r: Dice): Uint8Array => {
  const body = join([u8(16), `${r.pick('hello', 'ismaster', 'ping', 'find')}\0`, le(1, 4), u8(2), '$db\0', sized((n) => le(n, 4), 'admin\0'), u8(0)])
  return join([le(body.length + 4, 4), body])
}

const mongodb: Build = (r) => {
  const id = r.number(1, 1 << 30)
  const frame = (opcode: number, to: number, ...parts: readonly Part[]): Uint8Array => {
    const body = join(parts)
    return join([le(body.length + 16, 4), le(id, 4), le(to, 4), le(opcode, 4), body])
  }
  const message = (to: number): Uint8Array => frame(2013, to, le(r.pick(0, 1 << 16), 4), u8(0), bson(r))
  const query = frame(2004, 0, le(r.pick(0, 4), 4), 'admin.$cmd\0', le(0, 4), le(-1, 4), bson(r))
  const compressed = frame(2012, 0, le(2013, 4), le(r.number(30, 400), 4), u8(r.number(1, 3)), r.bytes(40))
  return { client: [r.pick(message(0), query, compressed)], server: [message(id)] }
}

const kafka: Build = (r) => {
  const id = sized(u16, r.pick('rdkafka', 'sarama', `consumer-${r.word()}-1`, 'producer-1', 'kafkajs', r.word()))
  const correlation = u32(r.number(0, 1 << 20))
  const topic = join([u32(1), sized(u16, r.word())])
  const request = r.pick(
    join([u16(18), u16(0), correlation, id]),
    join([u16(18), u16(3), correlation, id, u8(0), sized((n) => u8(n + 1), r.word()), sized((n) => u8(n + 1), '1.2.3'), u8(0)]),
    join([u16(3), u16(r.number(0, 8)), correlation, id, topic, u8(1)]),
    join([u16(17), u16(1), correlation, id, sized(u16, 'SCRAM-SHA-512')]),
  )
  return { client: [sized(u32, request)], server: [sized(u32, correlation, u16(0), r.bytes(20))] }
}

const cassandra: Build = (r) => {
  const version = r.number(3, 5)
  const text = (s: string): Uint8Array => sized(u16, s)
  const options = [['CQL_VERSION', '3.0.0'], ['COMPRESSION', 'lz4'], ['DRIVER_NAME', r.word()]].slice(0, r.number(1, 3))
  const startup = join([u16(options.length), ...options.flatMap(([k, v]) => [text(k!), text(v!)])])
  const frame = (v: number, opcode: number, body: Uint8Array): Uint8Array => join([Uint8Array.of(v, 0), u16(r.number(0, 300)), u8(opcode), u32(body.length), body])
  return {
    client: [r.pick(frame(version, 5, new Uint8Array(0)), frame(version, 1, startup))],
    server: [r.pick(frame(version | 0x80, 2, new Uint8Array(0)), frame(version | 0x80, 6, join([u16(1), text('CQL_VERSION'), u16(1), text('3.4.6')])))],
  }
}

const memcached: Build = (r) => {
  const key = `${r.word()}:${r.number(0, 999)}`
  const opcode = r.pick(0, 1, 4, 10, 11, 16)
  const extras = opcode === 1 ? 8 : 0
  const bare = opcode >= 10
  const body = join([r.bytes(extras), bare ? '' : key, opcode === 1 ? r.word() : ''])
  const binary = join([Uint8Array.of(0x80, opcode), u16(bare ? 0 : key.length), Uint8Array.of(extras, 0, 0, 0), u32(body.length), r.bytes(4), new Uint8Array(8), body])
  const value = r.word()
  return {
    client: [r.pick<Part>(`get ${key}${crlf}`, `gets ${key} ${r.word()}${crlf}`, `set ${key} 0 ${r.number(0, 3600)} ${value.length}${crlf}${value}${crlf}`, `incr ${key} 1${crlf}`, `delete ${key}${crlf}`, `version${crlf}`, `stats items${crlf}`, `mg ${key} t v${crlf}`, binary)],
    server: [r.pick('END\r\n', 'STORED\r\n', `VALUE ${key} 0 1\r\n1\r\nEND\r\n`, 'NOT_FOUND\r\n')],
  }
}

const amqp: Build = (r) => ({ client: ['AMQP', r.pick(Uint8Array.of(0, 0, 9, 1), Uint8Array.of(0, 1, 0, 0), Uint8Array.of(3, 1, 0, 0))], server: [Uint8Array.of(1, 0, 0), sized(u32, u16(10), u16(10), Uint8Array.of(0, 9), r.bytes(200)), u8(0xce)] })

const mqtt: Build = (r) => {
  const id = sized(u16, r.word(0, 60))
  const level = r.pick(3, 4, 5)
  const body = join([sized(u16, level === 3 ? 'MQIsdp' : 'MQTT'), u8(level), u8(r.pick(0, 2)), u16(r.number(0, 600)), level === 5 ? u8(0) : '', id])
  return { client: [u8(0x10), body.length < 128 ? u8(body.length) : Uint8Array.of((body.length & 127) | 128, body.length >> 7), body], server: [Uint8Array.of(0x20, 2, 0, r.pick(0, 5))] }
}

const nats: Build = (r) => ({ client: [`CONNECT {"verbose":false,"name":"${r.word()}"}${crlf}PING${crlf}`], server: [`INFO {"server_id":"${r.word()}","version":"2.${r.number(0, 11)}.1"} ${crlf}`] })

const zookeeper: Build = (r) => {
  const body = [u32(0), u32(0), r.pick(u32(0), r.bytes(4)), u32(r.number(1000, 60000)), u32(0), u32(0), sized(u32, r.pick(new Uint8Array(16), r.bytes(16)))]
  return { client: [r.pick(sized(u32, ...body, u8(r.pick(0, 1))), sized(u32, ...body))], server: [sized(u32, u32(0), u32(r.number(1000, 60000)), u32(0x100), r.bytes(4), sized(u32, r.bytes(16)), u8(0))] }
}

const ldap: Build = (r) => {
  const ber = (tag: number, ...parts: readonly Part[]): Uint8Array => {
    const body = join(parts)
    const long = r.pick(true, false)
    const length = long ? join([u8(0x84), u32(body.length)]) : body.length < 128 ? u8(body.length) : join([u8(0x82), u16(body.length)])
    return join([u8(tag), length, body])
  }
  const bind = ber(0x60, Uint8Array.of(2, 1, 3), ber(4, r.pick('', `cn=${r.word()},dc=${r.word()}`)), ber(0x80, r.word(0)))
  const search = ber(0x63, ber(4, r.pick('', `dc=${r.word()}`)), Uint8Array.of(10, 1, r.number(0, 2), 10, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0), ber(0x87, 'objectClass'), ber(0x30))
  const id = Uint8Array.of(2, 1, r.number(1, 127))
  return { client: [ber(0x30, id, r.pick(bind, search))], server: [ber(0x30, id, ber(0x61, Uint8Array.of(10, 1, r.pick(0, 49), 4, 0, 4, 0)))] }
}

const smtp: Build = (r) => ({
  client: [`${r.pick('EHLO', 'HELO', 'ehlo')} ${r.pick(r.host(), '[10.0.0.1]')}${crlf}`],
  server: [`220${r.pick(' ', '-')}${r.host()} ${r.pick('ESMTP Postfix', 'ESMTP Exim 4.96', 'Microsoft ESMTP MAIL Service', 'ESMTP', 'SMTP ready')}${crlf}`],
})

const ftp: Build = (r) => ({
  client: [r.pick('USER anonymous\r\n', `USER ${r.word()}\r\n`, 'AUTH TLS\r\n', 'FEAT\r\n')],
  server: [`220${r.pick(' ', '-')}${r.pick('(vsFTPd 3.0.5)', `ProFTPD Server (${r.word()})`, 'Microsoft FTP Service', `${r.host()} FTP server ready`, 'Welcome')}${crlf}`],
})

const pop3: Build = (r) => ({ client: [r.pick('CAPA\r\n', `USER ${r.word()}\r\n`, 'STLS\r\n')], server: [`+OK ${r.pick('Dovecot ready.', `POP3 server ready <${r.number(1, 9999)}@${r.host()}>`, r.word())}${crlf}`] })

const imap: Build = (r) => ({ client: [`${r.pick('a', 'A00', '')}${r.number(1, 99)} ${r.pick('CAPABILITY', 'STARTTLS', `LOGIN ${r.word()} x`)}${crlf}`], server: [`* ${r.pick('OK', 'PREAUTH')} ${r.pick('[CAPABILITY IMAP4rev1] ', '')}${r.word()} ready${crlf}`] })

const dns: Build = (r) => {
  const name = join([...r.host().split('.').map((label) => sized(u8, label)), u8(0)])
  const edns = r.pick(true, false)
  const question = join([name, u16(r.pick(1, 2, 5, 6, 12, 15, 16, 28, 33, 65, 252, 255)), u16(1)])
  const option = edns ? join([Uint8Array.of(0, 0, 41), u16(1232), u32(0), u16(0)]) : ''
  const id = r.bytes(2)
  const query = sized(u16, id, Uint8Array.of(r.pick(0, 1), r.pick(0, 0x20)), u16(1), u16(0), u16(0), u16(edns ? 1 : 0), question, option)
  return { client: [query], server: [sized(u16, id, Uint8Array.of(0x81, 0x80), u16(1), u16(0), u16(0), u16(0), question)] }
}

const mssql: Build = (r) => {
  const options = [0, 1, 2, 3, 4].slice(0, r.number(3, 5))
  const sizes = [6, 1, 1, 4, 1]
  let at = options.length * 5 + 1
  const table = options.map((token) => {
    const entry = join([u8(token), u16(at), u16(sizes[token]!)])
    at += sizes[token]!
    return entry
  })
  const body = join([...table, u8(255), r.bytes(at - options.length * 5 - 1)])
  const packet = (type: number): Uint8Array => join([Uint8Array.of(type, 1), u16(body.length + 8), u16(0), Uint8Array.of(type === 4 ? 1 : 0, 0), body])
  return { client: [packet(0x12)], server: [packet(4)] }
}

const oracle: Build = (r) => {
  const data = `(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=${r.word()})(CID=(PROGRAM=${r.word()})(HOST=${r.word()})(USER=${r.word()})))(ADDRESS=(PROTOCOL=TCP)(HOST=${r.host()})(PORT=1521)))`
  const offset = r.pick(58, 70, 74)
  const version = r.number(312, 319)
  const header = join([u16(0), Uint8Array.of(1, 0), u16(0), u16(version), u16(300), r.bytes(12), u16(data.length), u16(offset)])
  const connect = join([u16(offset + data.length), header, r.bytes(offset - header.length - 2), data])
  return { client: [connect], server: [Uint8Array.of(0, 8, 0, 0, 11, 0, 0, 0)] }
}

const rdp: Build = (r) => {
  const cookie = r.pick('', `Cookie: mstshash=${r.word()}${crlf}`)
  const body = join([Uint8Array.of(0xe0, 0, 0, 0, 0, 0), cookie, Uint8Array.of(1, 0, 8, 0, r.pick(0, 1, 3, 11), 0, 0, 0)])
  return { client: [Uint8Array.of(3, 0), u16(body.length + 5), u8(body.length), body], server: [Uint8Array.of(3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, r.pick(0, 0x1f), 8, 0, r.pick(0, 1, 2), 0, 0, 0)] }
}

const vnc: Build = (r) => ({ client: ['RFB 003.008\n'], server: [`RFB 003.00${r.pick(3, 7, 8)}\n`] })
const rsync: Build = (r) => ({ client: [`@RSYNCD: ${r.number(29, 32)}.0\n`], server: [`@RSYNCD: ${r.number(29, 32)}.0${r.pick('', ' sha512 sha256 md5')}\n`] })

const git: Build = (r) => {
  const line = `git-${r.pick('upload-pack', 'receive-pack')} /${r.word()}.git\0host=${r.host()}\0${r.pick('', '\0version=2\0')}`
  return { client: [(line.length + 4).toString(16).padStart(4, '0'), line], server: ['000eversion 2\n'] }
}

/** Protocols we do not name, and bytes that are none. */
const unknown: Build = (r) => ({
  client: [
    r.pick<Part>(
      r.bytes(r.number(1, 300)),
      sized(u32, r.bytes(r.number(8, 200))),
      sized((n) => le(n, 4), r.bytes(r.number(8, 200))),
      sized(u16, r.bytes(r.number(8, 200))),
      `${r.word()}${crlf}`,
      `${r.word()} ${r.word()} ${r.number(0, 99)}\n`,
      `{"${r.word()}":"${r.word()}"}\n`,
      `${r.pick('OPTIONS', 'INVITE', 'REGISTER')} sip:${r.word()}@${r.host()} SIP/2.0${crlf}`,
      `NICK ${r.word()}${crlf}USER ${r.word()} 0 * :${r.word()}${crlf}`,
      join([Uint8Array.of(5, 1, 0)]),
      join([u32(0x2f), Uint8Array.of(r.pick(0xfe, 0xff)), 'SMB', r.bytes(40)]),
      join([u16(r.number(1, 999)), u16(0), u16(6), u8(r.number(1, 247)), u8(r.number(1, 6)), u16(r.number(0, 99)), u16(r.number(1, 99))]),
      join([u32(0x1c), u32(0x80010001), sized(u32, r.word()), u32(1), u8(0)]),
      `<?xml version='1.0'?><stream:stream to='${r.host()}'>`,
      join([u8(19), 'BitTorrent protocol', r.bytes(48)]),
    ),
  ],
  server: [r.pick<Part>('', r.bytes(r.number(1, 200)), `${r.word()}${crlf}`, `200 ${r.word()} ready${crlf}`)],
})

const builders: Readonly<Record<string, Build>> = {
  http, http2, tls, ssh, postgresql, mysql, redis, mongodb, kafka, cassandra, memcached, amqp, mqtt, nats, zookeeper, ldap, smtp,
  ftp, pop3, imap, dns, mssql, oracle, rdp, vnc, rsync, git, unknown,
}

/** `count` conversations of each application, from a source of random numbers. */
export function conversations(count: number, next: Random): readonly Conversation[] {
  const dice = new Dice(next)
  return Object.entries(builders).flatMap(([application, build]) =>
    Array.from({ length: count }, () => {
      const { client = [], server = [] } = build(dice)
      return { application, client: join(client), server: join(server) }
    }),
  )
}
