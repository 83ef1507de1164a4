/**
 * The sniffer's side of `protocol/bytes.ts` (the build puts this file in its place): the window is one fixed area of
 * linear memory. The host copies connection bytes straight into it.
 */
export const windowBytes: i32 = 4096

const area: usize = memory.data(4096);
let count: i32 = 0

/** Where the host may write; `windowBytes` long. */
export function windowArea(): usize {
  return area
}

/** Declares the first `n` bytes of the area to be the window. */
export function setWindowSize(n: i32): void {
  count = n < 0 ? 0 : n > windowBytes ? windowBytes : n
}

export function size(): i32 {
  return count
}

export function at(i: i32): i32 {
  return <u32>i < <u32>count ? <i32>load<u8>(area + <usize>i) : -1
}
