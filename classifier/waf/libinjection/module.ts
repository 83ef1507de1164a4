/** The Wasm module and its memory: one for each thread that loads it. */
import { readFileSync } from 'node:fs'

/** What `wasm/shim.c` exports. Addresses are offsets into `memory`. */
type Exports = {
  readonly memory: WebAssembly.Memory
  _initialize(): void
  input(): number
  capacity(): number
  version(): number
  sqli(length: number): number
  xss(length: number): number
  sql_start(length: number): void
  sql_next(): number
  sql_fold(): number
  sql_folded(index: number): number
  html_start(length: number): void
  html_next(): number
  html_type(): number
  html_token(): number
  html_length(): number
}

export type Module = {
  readonly exports: Exports
  /** Bytes of a value that fit. */
  readonly capacity: number
  /** Puts a value (latin1 text, one character a byte) where the library reads; its length, or what of it fits. */
  write(value: string): number
  /** Text that ends with a zero byte, or after `most` bytes. */
  read(address: number, most: number): string
}

/** Compiled and instantiated now (2 ms). */
export function loadModule(): Module {
  const code = readFileSync(new URL('./wasm/libinjection.wasm', import.meta.url))
  const exports = new WebAssembly.Instance(new WebAssembly.Module(code), {}).exports as unknown as Exports
  exports._initialize()
  // The module has no heap: its memory never grows, and this view of it stays.
  const memory = Buffer.from(exports.memory.buffer)
  const input = exports.input()
  const capacity = exports.capacity()
  return {
    exports,
    capacity,
    write: (value) => memory.write(value, input, Math.min(value.length, capacity), 'latin1'),
    read: (address, most) => textAt(memory, address, most),
  }
}

function textAt(memory: Buffer, address: number, most: number): string {
  const end = memory.indexOf(0, address)
  return memory.toString('latin1', address, Math.min(end, address + most))
}
