/** One HTTP/2 stream as a gRPC call: messages are put together, replies cut into what the peer's windows allow. */
import type { Call, CallEvents, Status } from '../transport.ts'
import { type ErrorCode, errorCode, flag, frame, frameHeaderBytes, frameType, writeFrameHeader } from './frames.ts'
import type { Field } from './hpack.ts'
import { maxFrameBytes, streamCredit } from './limits.ts'
import { Messages, prefixBytes } from './messages.ts'

/** What a stream asks of its connection. */
export type Link = {
  write(bytes: Buffer): void
  /** Bytes of DATA that the connection's window and socket take now. */
  room(): number
  /** So many were written. */
  spent(bytes: number): void
  grant(stream: number, bytes: number): void
  reset(stream: number, code: ErrorCode): void
  /** It is over; what it held is gone. */
  done(stream: number): void
}

/** A field that no table has: literal, never indexed. ASCII shorter than 127 bytes. */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0x10, name.length]),
    Buffer.from(name, 'latin1'),
    Buffer.from([value.length]),
    Buffer.from(value, 'latin1'),
  ])
}

/** `:status: 200` is entry 8 of the static table. */
const responseHeaders = Buffer.concat([Buffer.from([0x88]), literal('content-type', 'application/grpc')])
const maxStatusMessage = 100

function trailers(code: Status, message: string): Buffer {
  const text = message.replace(/[^ -$&-~]/g, '?').slice(0, maxStatusMessage)
  const fields = literal('grpc-status', `${code}`)
  return text === '' ? fields : Buffer.concat([fields, literal('grpc-message', text)])
}

function headersFrame(stream: number, block: Buffer, flags: number): Buffer {
  const bytes = frame(frameType.headers, flags | flag.endHeaders, stream, block.length)
  bytes.set(block, frameHeaderBytes)
  return bytes
}

export class Http2Stream implements Call {
  readonly id: number
  readonly path: string
  readonly #fields: readonly Field[]
  readonly #link: Link
  #events: CallEvents | undefined
  #sendWindow: number
  #receiveWindow: number
  #owed = 0
  #paused = false
  readonly #incoming = new Messages()
  /** Message bytes (prefix included) that wait for a window. */
  #queue: Buffer[] = []
  #unsent = 0
  #answered = false
  #end: Buffer | undefined
  #remoteEnded = false
  #over = false

  constructor(id: number, fields: readonly Field[], link: Link, windows: { send: number; receive: number }) {
    this.id = id
    this.#fields = fields
    this.#link = link
    this.#sendWindow = windows.send
    this.#receiveWindow = windows.receive
    this.path = this.metadata(':path')
  }

  attach(events: CallEvents): void {
    this.#events = events
  }

  /** Something of a reply has left. */
  get answered(): boolean {
    return this.#answered
  }

  get unsent(): number {
    return this.#unsent
  }

  get remoteEnded(): boolean {
    return this.#remoteEnded
  }

  metadata(name: string): string {
    return this.#fields.find((field) => field[0] === name)?.[1] ?? ''
  }

  // ---- what comes in

  /** @param counted bytes for flow control, padding included */
  data(payload: Buffer, counted: number) {
    this.#receiveWindow -= counted
    if (this.#receiveWindow < 0) return this.#fail(errorCode.flowControl)
    this.#owed += counted
    this.#grant()
    const deliver = (message: Buffer) => {
      if (!this.#over) this.#events?.message(message)
    }
    if (!this.#incoming.push(payload, deliver)) this.#fail(errorCode.enhanceYourCalm)
  }

  halfClosed() {
    this.#remoteEnded = true
    if (this.#incoming.unfinished) return this.#fail(errorCode.protocol)
    if (this.#end === undefined) this.#events?.halfClosed()
    else this.#finish()
  }

  closed(): void {
    if (this.#over) return
    this.#over = true
    this.#queue = []
    this.#incoming.clear()
    this.#link.done(this.id)
    if (this.#end === undefined) this.#events?.closed()
  }

  #grant(): void {
    if (this.#paused || this.#over || this.#remoteEnded || this.#owed < streamCredit) return
    this.#link.grant(this.id, this.#owed)
    this.#receiveWindow += this.#owed
    this.#owed = 0
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#grant()
  }

  #fail(code: ErrorCode): void {
    if (this.#over) return
    this.#link.reset(this.id, code)
    this.closed()
  }

  // ---- what goes out

  send(message: Buffer): void {
    if (this.#over || this.#end !== undefined) return
    const bytes = Buffer.allocUnsafe(prefixBytes + message.length)
    bytes[0] = 0
    bytes.writeUInt32BE(message.length, 1)
    bytes.set(message, prefixBytes)
    this.#queue.push(bytes)
    this.#unsent += bytes.length
    this.flush()
  }

  end(code: Status, message: string): void {
    if (this.#over || this.#end !== undefined) return
    this.#end = trailers(code, message)
    this.flush()
  }

  /** The peer takes `bytes` more (negative: it changed its mind); false where that is more than a window can be. */
  widen(bytes: number): void {
    this.#sendWindow += bytes
  }

  get sendWindow(): number {
    return this.#sendWindow
  }

  /** Writes what the windows allow. */
  flush(): void {
    while (this.#queue.length > 0) {
      const most = Math.min(this.#sendWindow, this.#link.room(), maxFrameBytes)
      if (most <= 0) return
      this.#answer()
      this.#writeData(most)
      if (this.#unsent === 0 && this.#end === undefined) this.#events?.drained()
    }
    if (this.#end !== undefined) this.#finish()
  }

  #answer(): void {
    if (this.#answered) return
    this.#answered = true
    this.#link.write(headersFrame(this.id, responseHeaders, 0))
  }

  #writeData(most: number): void {
    const first = this.#queue[0]!
    const piece = first.length <= most ? first : first.subarray(0, most)
    if (piece === first) this.#queue.shift()
    else this.#queue[0] = first.subarray(most)
    const header = Buffer.allocUnsafe(frameHeaderBytes)
    writeFrameHeader(header, frameType.data, 0, this.id, piece.length)
    this.#link.write(header)
    this.#link.write(piece)
    this.#link.spent(piece.length)
    this.#sendWindow -= piece.length
    this.#unsent -= piece.length
  }

  /** Trailers, once everything before them is out; a peer that is still sending is told to stop (RFC 9113 8.1). */
  #finish(): void {
    if (this.#over || this.#queue.length > 0) return
    const block = this.#answered ? this.#end! : Buffer.concat([responseHeaders, this.#end!])
    this.#answered = true
    this.#link.write(headersFrame(this.id, block, flag.endStream))
    if (!this.#remoteEnded) this.#link.reset(this.id, errorCode.none)
    this.closed()
  }
}
