/** The other end of an HTTP/2 connection, frame by frame, right or wrong. */
import { duplexPair } from 'node:stream'
import { FrameSplitter, frame, frameHeaderBytes, preface, settings } from '../http2/frames.ts'
import { Http2Connection } from '../http2/connection.ts'
import type { Accept } from '../transport.ts'

export type Got = { readonly type: number; readonly flags: number; readonly stream: number; readonly payload: Buffer }

export const anyFrame = (type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array(0)): Buffer => {
  const bytes = frame(type, flags, stream, payload.length)
  bytes.set(payload, frameHeaderBytes)
  return bytes
}

/** Literal fields without Huffman code or index. */
export const block = (...fields: readonly (readonly [string, string])[]): Buffer =>
  Buffer.concat(
    fields.map(([name, value]) =>
      Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)]),
    ),
  )

export const callHeaders = (path: string): Buffer => block([':path', path], ['x-postern-profile', 'p'])

export class Peer {
  readonly got: Got[] = []
  readonly connection: Http2Connection
  closed = false
  readonly #socket
  readonly #far
  readonly #splitter = new FrameSplitter()

  constructor(accept: Accept, now: () => number = () => 0) {
    const [ours, theirs] = duplexPair()
    this.#socket = ours
    this.#far = theirs
    this.connection = new Http2Connection(theirs, accept, now)
    theirs.on('data', (chunk: Buffer) => this.connection.receive(chunk))
    theirs.on('close', () => this.connection.lost())
    theirs.on('end', () => theirs.end())
    ours.on('end', () => {
      this.closed = true
    })
    this.#splitter.push(preface, () => {})
    ours.on('data', (chunk: Buffer) =>
      this.#splitter.push(chunk, (type, flags, stream, payload) =>
        this.got.push({ type, flags, stream, payload: Buffer.from(payload) }),
      ),
    )
  }

  write(...bytes: readonly Uint8Array[]): this {
    for (const each of bytes) this.#socket.write(each)
    return this
  }

  /** The preface and empty settings. */
  start(): this {
    return this.write(preface, settings([]))
  }

  /** When everything that was written has been read and answered. */
  async settled(): Promise<readonly Got[]> {
    for (let i = 0; i < 4; i++) await new Promise(setImmediate)
    return this.got
  }

  read(reading: boolean): void {
    if (reading) this.#socket.resume()
    else this.#socket.pause()
  }

  end(): void {
    this.#socket.destroy()
    this.#far.destroy()
  }
}
