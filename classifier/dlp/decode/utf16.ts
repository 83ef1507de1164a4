/**
 * UTF-16 in either byte order, told by its mark or, without one, by the zero bytes of what is mostly ASCII; everything else
 * passes through. Judged on the first 64 bytes. Code units beyond ASCII become UTF-8, surrogates one by one.
 */
import { Offsets } from './offsets.ts'
import type { Stage } from './stage.ts'

const judgedBytes = 64
const nothing: Buffer = Buffer.alloc(0)
type Order = 'unknown' | 'none' | 'little' | 'big'

function orderOf(head: Buffer): Order {
  if (head[0] === 0xff && head[1] === 0xfe) return 'little'
  if (head[0] === 0xfe && head[1] === 0xff) return 'big'
  if (head.length < 4) return 'none'
  let even = 0
  let odd = 0
  for (let i = 0; i < head.length; i++) {
    if (head[i] !== 0) continue
    if ((i & 1) === 0) even++
    else odd++
  }
  const most = head.length / 2 / 2
  if (odd > most && even === 0) return 'little'
  return even > most && odd === 0 ? 'big' : 'none'
}

export function utf16(): Stage {
  const offsets = new Offsets()
  let order: Order = 'unknown'
  let carry = nothing
  let out = 0
  let taken = 0

  function decode(text: Buffer): Buffer {
    const made = Buffer.allocUnsafe((text.length >> 1) * 3)
    let size = 0
    let i = 0
    for (; i + 1 < text.length; i += 2) {
      const unit = order === 'little' ? text[i]! | (text[i + 1]! << 8) : (text[i]! << 8) | text[i + 1]!
      offsets.add(out + size, taken + i, 2)
      if (unit < 0x80) made[size++] = unit
      else size += made.write(String.fromCharCode(unit), size, 'utf8')
    }
    offsets.add(out + size, taken + i, 2)
    carry = Buffer.from(text.subarray(i))
    taken += i
    out += size
    return made.subarray(0, size)
  }

  function push(chunk: Buffer, final: boolean): Buffer {
    if (order === 'none' || (chunk.length === 0 && carry.length === 0)) return chunk
    const text = carry.length === 0 ? chunk : Buffer.concat([carry, chunk])
    if (order === 'unknown') {
      if (text.length < judgedBytes && !final) {
        carry = Buffer.from(text)
        return nothing
      }
      order = orderOf(text.subarray(0, judgedBytes))
    }
    if (order !== 'none') return decode(text)
    carry = nothing
    return text
  }

  return {
    push: (chunk) => push(chunk, false),
    finish: () => push(nothing, true),
    start: (at) => offsets.start(at),
    end: (at) => offsets.end(at),
    forget: (at) => offsets.forget(at),
  }
}
