/**
 * One HTTP/2 connection of the server side (RFC 9113), for gRPC calls and nothing else.
 *
 * Promises: whatever the peer sends, it gets a GOAWAY or a reset, never an exception and never more memory than
 * `limits.ts` says. Does not: push, prioritise, compress what it sends, or speak HTTP/1.
 */
import type { Duplex } from 'node:stream'
import type { Accept } from '../transport.ts'
import { Budget } from './budget.ts'
import {
  ConnectionError,
  type ErrorCode,
  errorCode,
  FrameSplitter,
  fail,
  flag,
  frameType,
  goaway,
  maxWindow,
  ping,
  reset,
  setting,
  settings,
  settingsAck,
  unpadded,
  windowUpdate,
} from './frames.ts'
import { HeaderBlocks } from './header-blocks.ts'
import type { Field } from './hpack.ts'
import * as limits from './limits.ts'
import { parseSettings } from './settings.ts'
import { Http2Stream, type Link } from './stream.ts'
import { Writer } from './writer.ts'

const ourSettings = settings([
  [setting.headerTableSize, 0],
  [setting.maxConcurrentStreams, limits.maxStreams],
  [setting.initialWindowSize, limits.streamWindow],
  [setting.maxHeaderListSize, limits.maxHeaderListBytes],
])
/** RFC 9113 6.9.2 */
const defaultWindow = 65_535
/** The answer to it says that what the peer sent before our GOAWAY has arrived (6.8). */
const drainPing = Buffer.from('draining')

export class Http2Connection {
  readonly #writer: Writer
  readonly #accept: Accept
  readonly #splitter = new FrameSplitter()
  readonly #headers = new HeaderBlocks((id, fields, end) => this.#opened(id, fields, end))
  readonly #streams = new Map<number, Http2Stream>()
  readonly #resets: Budget
  readonly #link: Link
  #lastStream = 0
  #sendWindow = defaultWindow
  #peerStreamWindow = defaultWindow
  #receiveWindow = limits.connectionWindow
  #owed = 0
  #started = false
  #draining: 'no' | 'announced' | 'final' = 'no'
  #closed = false

  /** @param now milliseconds, monotonic */
  constructor(socket: Duplex, accept: Accept, now: () => number) {
    this.#accept = accept
    this.#resets = new Budget(limits.earlyResets, now)
    this.#writer = new Writer(socket, () => this.#flushAll())
    this.#link = {
      write: (bytes) => this.#writer.write(bytes),
      room: () => Math.min(this.#sendWindow, this.#writer.room()),
      spent: (bytes) => {
        this.#sendWindow -= bytes
      },
      grant: (stream, bytes) => this.#writer.write(windowUpdate(stream, bytes)),
      reset: (stream, code) => this.#writer.write(reset(stream, code)),
      done: (stream) => this.#forget(stream),
    }
    this.#writer.write(ourSettings)
    this.#writer.write(windowUpdate(0, limits.connectionWindow - defaultWindow))
  }

  get streams(): number {
    return this.#streams.size
  }

  receive(chunk: Buffer): void {
    if (this.#closed) return
    try {
      this.#splitter.push(chunk, (type, flags, stream, payload) => this.#frame(type, flags, stream, payload))
      this.#writer.flush()
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error
      this.#abort(error.code)
    }
  }

  /** The socket is gone. */
  lost(): void {
    this.#closed = true
    this.#writer.close()
    for (const stream of [...this.#streams.values()]) stream.closed()
  }

  /** Takes no new calls, lets those under way end, then closes. A call that crosses our notice on its way is served. */
  drain(): void {
    if (this.#draining !== 'no' || this.#closed) return
    this.#draining = 'announced'
    this.#writer.write(goaway(maxWindow, errorCode.none))
    this.#writer.write(ping(drainPing, 0))
  }

  #abort(code: ErrorCode): void {
    this.#writer.write(goaway(this.#lastStream, code))
    this.#writer.end()
    this.lost()
  }

  #frame(type: number, flags: number, stream: number, payload: Buffer): void {
    if (this.#closed) return
    if (!this.#started && type !== frameType.settings) fail(errorCode.protocol, 'settings come first')
    if (!this.#headers.mayComeNext(type, stream)) fail(errorCode.protocol, 'a header block is interrupted')
    this.#handlers[type]?.(flags, stream, payload)
  }

  /** By frame type; what is not here is ignored (RFC 9113 5.5). */
  readonly #handlers: readonly ((flags: number, stream: number, payload: Buffer) => void)[] = [
    (flags, stream, payload) => this.#data(flags, stream, payload),
    (flags, stream, payload) => this.#headers.begin(flags, stream, payload),
    (_flags, stream, payload) => {
      if (stream === 0) fail(errorCode.protocol, 'PRIORITY of no stream')
      if (payload.length !== 5) fail(errorCode.frameSize, 'PRIORITY')
    },
    (_flags, stream, payload) => this.#reset(stream, payload),
    (flags, stream, payload) => this.#settings(flags, stream, payload),
    () => fail(errorCode.protocol, 'a client that pushes'),
    (flags, stream, payload) => this.#ping(flags, stream, payload),
    (_flags, stream) => {
      if (stream !== 0) fail(errorCode.protocol, 'GOAWAY of a stream')
    },
    (_flags, stream, payload) => this.#windowUpdate(stream, payload),
    (flags, _stream, payload) => this.#headers.go(flags, payload),
  ]

  // ---- calls

  #data(flags: number, id: number, payload: Buffer): void {
    this.#mustBeKnown(id)
    this.#receiveWindow -= payload.length
    if (this.#receiveWindow < 0) fail(errorCode.flowControl, 'more than the connection may send')
    this.#owed += payload.length
    if (this.#owed >= limits.connectionCredit) this.#creditConnection()
    const stream = this.#streams.get(id)
    const content = unpadded(flags, payload)
    if (stream === undefined) return // it was reset on its way
    if (stream.remoteEnded) fail(errorCode.streamClosed, 'DATA after the end')
    stream.data(content, payload.length)
    if ((flags & flag.endStream) !== 0) this.#streams.get(id)?.halfClosed()
  }

  #creditConnection(): void {
    this.#writer.write(windowUpdate(0, this.#owed))
    this.#receiveWindow += this.#owed
    this.#owed = 0
  }

  #opened(id: number, fields: readonly Field[], end: boolean) {
    const open = this.#streams.get(id)
    if (open !== undefined) return this.#trailers(open, end)
    if (id <= this.#lastStream) {
      // trailers of a stream that we have reset meanwhile can not be told from a peer that uses a number twice
      return
    }
    this.#lastStream = id
    if (this.#draining === 'final' || this.#streams.size >= limits.maxStreams)
      return this.#link.reset(id, errorCode.refusedStream)
    const windows = { send: this.#peerStreamWindow, receive: limits.streamWindow }
    const stream = new Http2Stream(id, fields, this.#link, windows)
    this.#streams.set(id, stream)
    stream.attach(this.#accept(stream))
    if (end) this.#streams.get(id)?.halfClosed()
  }

  #trailers(stream: Http2Stream, end: boolean): void {
    if (stream.remoteEnded) fail(errorCode.streamClosed, 'HEADERS after the end')
    if (!end) fail(errorCode.protocol, 'trailers that are not the end')
    stream.halfClosed()
  }

  #reset(id: number, payload: Buffer): void {
    if (payload.length !== 4) fail(errorCode.frameSize, 'RST_STREAM')
    this.#mustBeKnown(id)
    const stream = this.#streams.get(id)
    if (stream === undefined) return
    const early = !stream.answered
    stream.closed()
    if (early && !this.#resets.take()) fail(errorCode.enhanceYourCalm, 'streams opened only to be reset')
  }

  #forget(id: number): void {
    this.#streams.delete(id)
    this.#closeIfDrained()
  }

  #closeIfDrained(): void {
    if (this.#draining === 'final' && this.#streams.size === 0 && !this.#closed) this.#writer.end()
  }

  #mustBeKnown(id: number): void {
    if (id === 0 || id > this.#lastStream) fail(errorCode.protocol, 'a frame of a stream that was never opened')
  }

  // ---- the connection itself

  #settings(flags: number, stream: number, payload: Buffer) {
    if (stream !== 0) fail(errorCode.protocol, 'SETTINGS of a stream')
    if ((flags & flag.ack) !== 0) {
      if (payload.length > 0) fail(errorCode.frameSize, 'SETTINGS')
      return this.#headers.settled()
    }
    this.#started = true
    const { initialWindow } = parseSettings(payload)
    if (initialWindow !== undefined) this.#changeWindows(initialWindow)
    this.#writer.write(settingsAck())
  }

  #changeWindows(window: number): void {
    const change = window - this.#peerStreamWindow
    this.#peerStreamWindow = window
    for (const stream of this.#streams.values()) {
      if (stream.sendWindow + change > maxWindow) fail(errorCode.flowControl, 'a window too large')
      stream.widen(change)
    }
    this.#flushAll()
  }

  #ping(flags: number, stream: number, payload: Buffer) {
    if (stream !== 0) fail(errorCode.protocol, 'PING of a stream')
    if (payload.length !== 8) fail(errorCode.frameSize, 'PING')
    if ((flags & flag.ack) === 0) return this.#writer.write(ping(payload, flag.ack))
    if (this.#draining !== 'announced' || !payload.equals(drainPing)) return
    this.#draining = 'final'
    this.#writer.write(goaway(this.#lastStream, errorCode.none))
    this.#closeIfDrained()
  }

  #windowUpdate(id: number, payload: Buffer) {
    if (payload.length !== 4) fail(errorCode.frameSize, 'WINDOW_UPDATE')
    const credit = payload.readUInt32BE(0) & maxWindow
    if (id === 0) return this.#widen(credit)
    this.#mustBeKnown(id)
    const stream = this.#streams.get(id)
    if (stream === undefined) return
    if (credit === 0 || stream.sendWindow + credit > maxWindow) {
      this.#link.reset(id, credit === 0 ? errorCode.protocol : errorCode.flowControl)
      return stream.closed()
    }
    stream.widen(credit)
    stream.flush()
  }

  #widen(credit: number): void {
    if (credit === 0) fail(errorCode.protocol, 'WINDOW_UPDATE of nothing')
    this.#sendWindow += credit
    if (this.#sendWindow > maxWindow) fail(errorCode.flowControl, 'a window too large')
    this.#flushAll()
  }

  #flushAll(): void {
    for (const stream of [...this.#streams.values()]) if (stream.unsent > 0) stream.flush()
  }
}
