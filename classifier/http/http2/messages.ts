/** gRPC's messages out of what DATA frames cut them into (gRPC over HTTP/2, Length-Prefixed-Message). */
import { Collected } from '../collect.ts'
import { maxMessageBytes } from './limits.ts'

/** Flag and length in front of every message. */
export const prefixBytes = 5

export class Messages {
  #begun: Collected | undefined

  /** One has begun, but not ended. */
  get unfinished(): boolean {
    return this.#begun !== undefined
  }

  clear(): void {
    this.#begun = undefined
  }

  /** False: a message is too large, or compressed, which nobody asked for. */
  push(payload: Buffer, deliver: (message: Buffer) => void): boolean {
    this.#begun?.add(payload)
    const bytes = this.#begun?.bytes ?? payload
    let at = 0
    while (bytes.length - at >= prefixBytes) {
      const length = bytes.readUInt32BE(at + 1)
      if (length > maxMessageBytes || bytes[at] !== 0) return false
      const end = at + prefixBytes + length
      if (end > bytes.length) break
      deliver(bytes.subarray(at + prefixBytes, end))
      at = end
    }
    if (at > 0 || this.#begun === undefined) this.#begun = begunWith(bytes.subarray(at))
    return true
  }
}

function begunWith(rest: Buffer): Collected | undefined {
  if (rest.length === 0) return undefined
  const begun = new Collected()
  begun.add(rest)
  return begun
}
