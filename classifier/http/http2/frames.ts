/** Frames of HTTP/2 (RFC 9113): their numbers, how they are cut out of what a socket gives, how ours are written. */
import { maxFrameBytes } from './limits.ts'

export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const

/** Error codes (RFC 9113 7). */
export const errorCode = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const
export type ErrorCode = (typeof errorCode)[keyof typeof errorCode]

/** The peer broke a rule that ends the connection; never leaves this folder. */
export class ConnectionError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** @throws ConnectionError, always */
export function fail(code: ErrorCode, message: string): never {
  throw new ConnectionError(code, message)
}

/** DATA and HEADERS without their padding (RFC 9113 6.1). @throws ConnectionError */
export function unpadded(flags: number, payload: Buffer): Buffer {
  if ((flags & flag.padded) === 0) return payload
  const padding = payload[0]
  if (padding === undefined || padding >= payload.length) return fail(errorCode.protocol, 'padding')
  return payload.subarray(1, payload.length - padding)
}

export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
export const frameHeaderBytes = 9
export const maxWindow = 0x7fff_ffff

/** A frame's header in front of `payload` bytes that the caller writes behind it. */
export function frame(type: number, flags: number, stream: number, payload: number): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeaderBytes + payload)
  writeFrameHeader(bytes, type, flags, stream, payload)
  return bytes
}

export function writeFrameHeader(bytes: Buffer, type: number, flags: number, stream: number, payload: number): void {
  bytes[0] = payload >>> 16
  bytes[1] = (payload >>> 8) & 255
  bytes[2] = payload & 255
  bytes[3] = type
  bytes[4] = flags
  bytes.writeUInt32BE(stream, 5)
}

function numbers(type: number, stream: number, ...values: readonly number[]): Buffer {
  const bytes = frame(type, 0, stream, values.length * 4)
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, frameHeaderBytes + i * 4)
  return bytes
}

export const windowUpdate = (stream: number, credit: number): Buffer => numbers(frameType.windowUpdate, stream, credit)
export const reset = (stream: number, code: ErrorCode): Buffer => numbers(frameType.reset, stream, code)
export const goaway = (lastStream: number, code: ErrorCode): Buffer => numbers(frameType.goaway, 0, lastStream, code)
export const settingsAck = (): Buffer => frame(frameType.settings, flag.ack, 0, 0)

export function ping(data: Uint8Array, flags: number): Buffer {
  const bytes = frame(frameType.ping, flags, 0, 8)
  bytes.set(data, frameHeaderBytes)
  return bytes
}

export function settings(values: readonly (readonly [id: number, value: number])[]): Buffer {
  const bytes = frame(frameType.settings, 0, 0, values.length * 6)
  for (const [i, [id, value]] of values.entries()) {
    bytes.writeUInt16BE(id, frameHeaderBytes + i * 6)
    bytes.writeUInt32BE(value, frameHeaderBytes + i * 6 + 2)
  }
  return bytes
}

export type OnFrame = (type: number, flags: number, stream: number, payload: Buffer) => void

/** Cuts frames out of a stream of bytes, after the preface. Holds less than one frame between calls. */
export class FrameSplitter {
  #rest: Buffer | undefined
  #started = false

  /** @throws ConnectionError where it is no HTTP/2, or a frame is larger than we allow; and what `onFrame` throws */
  push(chunk: Buffer, onFrame: OnFrame): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    let at = this.#started ? 0 : this.#takePreface(bytes)
    while (this.#started && bytes.length - at >= frameHeaderBytes) {
      const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
      if (length > maxFrameBytes) throw new ConnectionError(errorCode.frameSize, `a frame of ${length} bytes`)
      const end = at + frameHeaderBytes + length
      if (end > bytes.length) break
      const stream = bytes.readUInt32BE(at + 5) & maxWindow
      onFrame(bytes[at + 3]!, bytes[at + 4]!, stream, bytes.subarray(at + frameHeaderBytes, end))
      at = end
    }
    this.#rest = at === bytes.length ? undefined : bytes.subarray(at)
  }

  #takePreface(bytes: Buffer): number {
    const known = Math.min(bytes.length, preface.length)
    if (!bytes.subarray(0, known).equals(preface.subarray(0, known)))
      throw new ConnectionError(errorCode.protocol, 'no HTTP/2 preface')
    this.#started = known === preface.length
    return this.#started ? preface.length : 0
  }
}
