/**
 * The window: the first bytes of one direction of one connection, as the recognisers see them. This is the only file that
 * differs between the two builds: Node reads a Uint8Array, the sniffer (`sniffer/wasm/bytes.ts`) its linear memory.
 */

/** Past it a recogniser judges what is there: 4 KB holds every first message that tells anything. */
export const windowBytes: i32 = 4096

let bytes: Uint8Array = new Uint8Array(0)

/** Shows the recognisers these bytes, up to `windowBytes`. Whoever judges calls it first. */
export function setWindow(first: Uint8Array): void {
  bytes = first.subarray(0, windowBytes)
}

/** How many bytes are there. */
export function size(): i32 {
  return bytes.length
}

/** The byte at `i` (0-255), or -1 where there is none (yet). Any `i` is fine. */
export function at(i: i32): i32 {
  return bytes[i] ?? -1
}
