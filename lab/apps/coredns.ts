/**
 * The lab's resolver: `coredns.ts ZONE-FILE`, UDP and TCP on port 53, v4 and v6. Authoritative for the names in its
 * file, which it reads again when the file is another one; never recursive.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { readFileSync, statSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { maxUdpBytes, readQuery, writeAnswer, writeError } from './dns-message.ts'
import { answerTo, type Zone } from './dns-zone.ts'

const port = 53
const maxTcpConnections = 200
const tcpIdleMs = 10_000
const maxTcpBytes = 65_535

const file = process.argv[2]!
let loaded: { readonly version: string; readonly zone: Zone } | undefined
let turn = 0

/** The zone as it is now: a rename gives the file another inode. */
function zone(): Zone {
  const { ino, mtimeMs } = statSync(file)
  const version = `${ino}:${mtimeMs}`
  if (loaded?.version !== version) loaded = { version, zone: JSON.parse(readFileSync(file, 'utf8')) as Zone }
  return loaded.zone
}

/** Undefined: nothing to say. */
function reply(message: Buffer, maxBytes: number): Buffer | undefined {
  const received = readQuery(message)
  if (received.kind === 'ignore') return undefined
  if (received.kind === 'bad') return writeError(received.id, received.code)
  turn += 1
  return writeAnswer(received.query, answerTo(received.query, zone(), turn), maxBytes)
}

function listenUdp(type: 'udp4' | 'udp6'): UdpSocket {
  const socket = createSocket({ type, ipv6Only: type === 'udp6' })
  socket.on('message', (message, { port: to, address }) => {
    const answer = reply(message, maxUdpBytes)
    if (answer !== undefined) socket.send(answer, to, address, () => {}) // a client that is gone is its own affair
  })
  return socket.bind(port)
}

/** Messages come with two bytes of length, any number on one connection, split anywhere (RFC 7766). */
function serveTcp(socket: Socket): void {
  let pending: Buffer = Buffer.alloc(0)
  socket.setTimeout(tcpIdleMs, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0)
      const answer = reply(pending.subarray(2, end), maxTcpBytes)
      pending = pending.subarray(end)
      if (answer !== undefined) socket.write(Buffer.concat([lengthOf(answer), answer]))
    }
  })
}

function lengthOf(answer: Buffer): Buffer {
  const out = Buffer.alloc(2)
  out.writeUInt16BE(answer.length)
  return out
}

listenUdp('udp4')
listenUdp('udp6')
const tcp = createServer(serveTcp)
tcp.maxConnections = maxTcpConnections
tcp.listen(port, '::')
