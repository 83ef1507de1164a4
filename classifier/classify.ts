/**
 * "What is this?" in Node: the protocol signatures over the first bytes of both directions of one connection. It promises
 * the sniffer's answer where one side is known, and weighs the two where both are. It keeps nothing between calls.
 */
import { at, setWindow } from './protocol/bytes.ts'
import { mentionsGrpc } from './protocol/grpc.ts'
import { FTP, HTTP2, IMAP, MYSQL, NATS, nameOf, POP3, RSYNC, SMTP, SSH, TLS, UNKNOWN, VNC } from './protocol/names.ts'
import { be16 } from './protocol/read.ts'
import { classifyClient, classifyClientAfter220, classifyServer, isBare220 } from './protocol/signatures.ts'
import { serverNameAt, tlsRecords } from './protocol/tls.ts'

/** `certain`: a whole signature matched. `likely`: only if nothing follows, or against the other side. */
type Confidence = 'certain' | 'likely' | 'none'

export type Classification = {
  /** A name of `xds-server/policy/applications.ts`. */
  readonly application: string
  readonly confidence: Confidence
  /** Whose bytes told it (`client` where nothing did). */
  readonly decidedBy: 'client' | 'server'
  /** The name a TLS client asked for (SNI), where its hello is there as a whole. */
  readonly serverName?: string
}

type Side = { readonly by: 'client' | 'server'; readonly application: number; readonly certain: boolean }

/** Their servers speak first, so a client's bytes that say something else were sent to the wrong port. */
const serverSpeaksFirst: ReadonlySet<number> = new Set([SSH, MYSQL, NATS, SMTP, FTP, POP3, IMAP, VNC, RSYNC])

const nothing: Classification = { application: 'unknown', confidence: 'none', decidedBy: 'client' }
const midTls: Classification = { application: 'tls', confidence: 'likely', decidedBy: 'client' }

/**
 * The application of a connection whose first bytes are these (the first 4 KB count). `end`: nothing more will come;
 * without it, an answer for which a stronger signature still wants bytes is held back as `unknown`.
 */
export function classify(client: Uint8Array, server: Uint8Array, end: boolean): Classification {
  const side = weigh(clientSide(client, server, end), sideOf('server', server, end, classifyServer))
  const { application, certain } = side
  if (application <= UNKNOWN) return isMidTls(client, server) ? midTls : nothing
  const confidence = certain ? 'certain' : 'likely'
  if (application === HTTP2) return { application: http2Or(client, server), confidence, decidedBy: side.by }
  return { application: nameOf(application), confidence, decidedBy: side.by, ...askedName(application, client) }
}

function clientSide(client: Uint8Array, server: Uint8Array, end: boolean): Side {
  setWindow(server)
  return sideOf('client', client, end, isBare220() ? classifyClientAfter220 : classifyClient)
}

/** Certain is what would be said with more bytes to come. */
function sideOf(by: Side['by'], bytes: Uint8Array, end: boolean, judge: (end: boolean) => number): Side {
  if (bytes.length === 0) return { by, application: UNKNOWN, certain: false }
  setWindow(bytes)
  const early = judge(false)
  return early > UNKNOWN || !end
    ? { by, application: early, certain: true }
    : { by, application: judge(true), certain: false }
}

function weigh(client: Side, server: Side): Side {
  if (server.application <= UNKNOWN) return client
  if (client.application <= UNKNOWN) return server
  if (client.application === server.application) return { ...client, certain: client.certain || server.certain }
  return { ...(serverSpeaksFirst.has(server.application) ? server : client), certain: false }
}

/** Neither side told anything, but whatever they sent is TLS records: the connection's beginning was not seen. */
function isMidTls(client: Uint8Array, server: Uint8Array): boolean {
  const sent = [client, server].filter((bytes) => bytes.length > 0)
  return (
    sent.length > 0 &&
    sent.every((bytes) => {
      setWindow(bytes)
      return tlsRecords()
    })
  )
}

function http2Or(client: Uint8Array, server: Uint8Array): string {
  return [client, server].some((bytes) => {
    setWindow(bytes)
    return mentionsGrpc()
  })
    ? 'grpc'
    : 'http2'
}

function askedName(application: number, client: Uint8Array): { readonly serverName?: string } {
  if (application !== TLS) return {}
  setWindow(client)
  const name = serverNameAt()
  if (name === 0) return {}
  return { serverName: String.fromCharCode(...Array.from({ length: be16(name - 2) }, (_, i) => at(name + i))) }
}
