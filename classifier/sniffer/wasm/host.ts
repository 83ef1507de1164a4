/**
 * What Envoy offers a network filter (proxy-wasm ABI 0.2.1), reduced to the sniffer's needs. Every result the host hands
 * over lands in the one place that was named before the call; a host that wants more room than that gets none and the
 * call fails. Nothing here traps, allocates or keeps a pointer.
 */
import { setWindowSize, windowArea, windowBytes } from '../../protocol/bytes.ts'
import { nameOf } from '../../protocol/names.ts'

// @ts-ignore: decorator
@external("env", "proxy_get_buffer_bytes")
declare function proxy_get_buffer_bytes(buffer: i32, start: i32, most: i32, result: usize, resultSize: usize): i32
// @ts-ignore: decorator
@external("env", "proxy_set_property")
declare function proxy_set_property(path: usize, pathSize: i32, value: usize, valueSize: i32): i32
// @ts-ignore: decorator
@external("env", "proxy_get_property")
declare function proxy_get_property(path: usize, pathSize: i32, result: usize, resultSize: usize): i32
// @ts-ignore: decorator
@external("env", "proxy_set_tick_period_milliseconds")
declare function proxy_set_tick_period_milliseconds(ms: i32): i32
// @ts-ignore: decorator
@external("env", "proxy_set_effective_context")
declare function proxy_set_effective_context(id: i32): i32
// @ts-ignore: decorator
@external("env", "proxy_continue_stream")
declare function proxy_continue_stream(stream: i32): i32
// @ts-ignore: decorator
@external("env", "proxy_close_stream")
declare function proxy_close_stream(stream: i32): i32
// @ts-ignore: decorator
@external("env", "proxy_get_current_time_nanoseconds")
declare function proxy_get_current_time_nanoseconds(result: usize): i32

/** proxy_wasm::WasmResult::NotFound */
const notFound: i32 = 1
/** proxy_wasm::WasmBufferType */
export const clientData: i32 = 2
export const serverData: i32 = 3
const configuration: i32 = 7
/** proxy_wasm::WasmStreamType::Downstream: the client's connection. */
const downstream: i32 = 2

/** A key, or a list of greetings: all application names together have 170 characters. */
const textBytes: i32 = 512
const text: usize = memory.data(512);
const key: usize = memory.data(64);
const result: usize = memory.data(16);

let room: usize = 0
let roomBytes: u32 = 0

/** Room for what the host is about to hand over. 0 makes its call fail. */
export function roomFor(bytes: u32): usize {
  return bytes <= roomBytes ? room : 0
}

function expect(at: usize, bytes: i32): void {
  room = at
  roomBytes = bytes < 0 ? 0 : <u32>bytes
}

/** How many bytes the host wrote, whatever it says. */
function received(): i32 {
  const n = load<u32>(result, 4)
  return <i32>(n < roomBytes ? n : roomBytes)
}

/** Writes `s` (ASCII) at `to`, at most `most` bytes. */
function write(s: string, to: usize, most: i32): i32 {
  const n = s.length < most ? s.length : most
  for (let i: i32 = 0; i < n; i++) store<u8>(to + <usize>i, <u8>s.charCodeAt(i))
  return n
}

/** Makes the first `available` bytes of a buffer the window, after the `before` bytes that are already in it. */
export function show(buffer: i32, before: i32, available: i32): void {
  const most: i32 = available < windowBytes - before ? available : windowBytes - before
  expect(windowArea() + <usize>before, most)
  const ok = most > 0 && proxy_get_buffer_bytes(buffer, 0, most, result, result + 4) === 0
  setWindowSize(before + (ok ? received() : 0))
}

/** Filter state `wasm.<name>` of the connection becomes the application's name. */
export function publish(name: string, application: i32): void {
  const n = write(nameOf(application), text, textBytes)
  proxy_set_property(key, write(name, key, 64), text, n)
}

/** The same, with bytes that stand in the window. */
export function publishBytes(name: string, from: i32, bytes: i32): void {
  proxy_set_property(key, write(name, key, 64), windowArea() + <usize>from, bytes)
}

/**
 * Does the chain let a server greet as this application? Filter state `postern.greetings` lists names, `*` is any; a
 * connection without the list may be greeted by all; a list that cannot be read allows none.
 */
export function mayGreet(application: i32): bool {
  expect(text, textBytes)
  const status = proxy_get_property(key, write('filter_state\0postern.greetings', key, 64), result, result + 4)
  if (status !== 0) return status === notFound
  return listed(nameOf(application), received())
}

/** Is `name`, or `*`, one of the comma-separated names in the first `n` bytes of `text`? */
function listed(name: string, n: i32): bool {
  let start: i32 = 0
  for (let i: i32 = 0; i <= n; i++) {
    if (i < n && load<u8>(text + <usize>i) !== 44) continue
    if (same('*', start, i) || same(name, start, i)) return true
    start = i + 1
  }
  return false
}

function same(name: string, from: i32, to: i32): bool {
  if (to - from !== name.length) return false
  for (let i: i32 = 0; i < name.length; i++) {
    if (<i32>load<u8>(text + <usize>(from + i)) !== name.charCodeAt(i)) return false
  }
  return true
}

/** Time in units of 2^20 ns (1.05 ms): no division needed. It wraps; only differences count. */
export function now(): i32 {
  proxy_get_current_time_nanoseconds(result)
  return <i32>(load<u64>(result) >> 20)
}

/** Milliseconds in units of `now`. */
export function units(ms: i32): i32 {
  return <i32>((<i64>ms * 1000000) >> 20)
}

export function setTick(ms: i32): void {
  proxy_set_tick_period_milliseconds(ms)
}

/** Acts for this connection until the next call. */
export function actFor(id: i32): void {
  proxy_set_effective_context(id)
}

/** Lets the client's held bytes go on to the next filter, after this call has returned to Envoy. */
export function release(): void {
  proxy_continue_stream(downstream)
}

/** Closes the client's connection, after this call has returned to Envoy. */
export function close(): void {
  proxy_close_stream(downstream)
}

/** The plugin's configuration: a decimal number, `fallback` where it is empty, -1 where it is anything else. */
export function configuredNumber(bytes: i32, fallback: i32): i32 {
  if (bytes === 0) return fallback
  expect(text, textBytes)
  if (proxy_get_buffer_bytes(configuration, 0, bytes, result, result + 4) !== 0) return -1
  const n = received()
  let value: i32 = 0
  for (let i: i32 = 0; i < n; i++) {
    const digit: i32 = <i32>load<u8>(text + <usize>i) - 48
    if (i > 6 || digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return n === 0 ? fallback : value
}
