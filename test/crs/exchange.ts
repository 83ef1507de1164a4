/** One request over a socket of its own, as bytes; its response as far as the regression asks for it. */
import type { Duplex } from 'node:stream'

export type Reply =
  | { readonly kind: 'answered'; readonly status: number }
  /** The connection ended, or time ran out, without an answer that can be read. */
  | { readonly kind: 'failed'; readonly why: string }

/** A response's head longer than this is none. */
const maxHeadBytes = 64 * 1024

/**
 * Waits for the whole answer, so that the server is done with the request; the socket is then destroyed. Nothing is ended
 * from our side before: proxies take a half-closed connection for a client that went away.
 */
export function exchange(socket: Duplex, request: Buffer, timeoutMs: number): Promise<Reply> {
  const { promise, resolve } = Promise.withResolvers<Reply>()
  const bytes: Buffer[] = []
  const isHead = request.subarray(0, 5).toString('latin1') === 'HEAD '
  const done = (reply: Reply): void => {
    clearTimeout(timer)
    socket.destroy()
    resolve(reply)
  }
  const received = (): string => Buffer.concat(bytes).toString('latin1')
  const ended = (why: string): void => done(answeredBy(received()) ?? { kind: 'failed', why })
  const timer = setTimeout(() => ended(`no whole answer within ${timeoutMs} ms`), timeoutMs)
  socket.on('data', (chunk: Buffer) => {
    bytes.push(chunk)
    const text = received()
    if (isWhole(text, isHead)) done(answeredBy(text) ?? { kind: 'failed', why: 'this is no HTTP/1 response' })
  })
  socket.on('end', () => ended('the connection was closed'))
  socket.on('close', () => ended('the connection was closed'))
  socket.on('error', (error) => ended(error.message))
  socket.write(request)
  return promise
}

function answeredBy(text: string): Reply | undefined {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(finalResponse(text))?.[1]
  return status === undefined ? undefined : { kind: 'answered', status: Number(status) }
}

/** Without the interim ones (100 Continue) before it. */
const finalResponse = (text: string): string =>
  text.replace(/^(?:HTTP\/1\.[01] 1\d\d[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n)+/, '')

/** RFC 9112, 6.3; what ends with the connection is never whole before. */
function isWhole(all: string, isHead: boolean): boolean {
  const text = finalResponse(all)
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return text.length > maxHeadBytes
  const head = text.slice(0, end)
  if (isHead || /^HTTP\/1\.[01] (?:204|304)/.test(head)) return true
  if (/\r\ntransfer-encoding:[^\r\n]*chunked/i.test(head)) return text.endsWith('0\r\n\r\n')
  const length = /\r\ncontent-length:\s*(\d+)/i.exec(head)?.[1]
  return length !== undefined && text.length - end - 4 >= Number(length)
}
