/**
 * Copies of greetings that arrived in pieces on connections where they need not be held: the first pieces have gone on to
 * the client when the next one comes, and both are judged together. A fixed pool; when it is empty, or a piece is too
 * long, the greeting is judged by what is there.
 */
import { setPrefix, prefix } from './connections.ts'
import { windowArea } from '../../protocol/bytes.ts'

/** One greeting's first bytes: RFC 5321's longest reply line. */
const prefixBytes: i32 = 512
/** Greetings in pieces at a time. */
const prefixes: i32 = 1024
/** Length 4, bytes, address of the next free one 4. */
const slotBytes: i32 = 520
const pool: usize = memory.data(532480);

let used: i32 = 0
let free: usize = 0

/** Puts the kept bytes at the beginning of the window; how many there are. */
export function recall(record: usize): i32 {
  const slot = prefix(record)
  if (slot === 0) return 0
  const n = load<i32>(slot)
  memory.copy(windowArea(), slot + 4, <usize>n)
  return n
}

/** Keeps the first `n` bytes of the window. False where there is no room. */
export function keep(record: usize, n: i32): bool {
  let slot = prefix(record)
  if (n > prefixBytes) return false
  if (slot === 0) slot = take()
  if (slot === 0) return false
  store<i32>(slot, n)
  memory.copy(slot + 4, windowArea(), <usize>n)
  setPrefix(record, slot)
  return true
}

function take(): usize {
  const slot = free
  if (slot !== 0) {
    free = <usize>load<u32>(slot, 516)
    return slot
  }
  return used < prefixes ? pool + <usize>(used++ * slotBytes) : 0
}

/** Gives the copy back, if there is one. */
export function drop(record: usize): void {
  const slot = prefix(record)
  if (slot === 0) return
  store<u32>(slot, <u32>free, 516)
  free = slot
  setPrefix(record, 0)
}
