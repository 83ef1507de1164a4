/**
 * The sniffer: a proxy-wasm network filter that names the application of a TCP connection by its first bytes.
 * It promises: the client's bytes stay in Envoy's buffer until filter state `wasm.postern.app` is set (after 4 KB, the
 * configured silence, or the end of the stream: `unknown`); a server that greets as an application the chain's
 * `postern.greetings` does not list is cut before the client has a byte, and `wasm.postern.refused` names it.
 * It never traps, never grows its memory, never holds a stream that has ended, and looks at nothing once it has decided.
 */
import { at, size, windowBytes } from '../../protocol/bytes.ts'
import { FTP, SMTP, TLS, UNDECIDED, UNKNOWN } from '../../protocol/names.ts'
import { be16 } from '../../protocol/read.ts'
import { classifyClient, classifyClientAfter220, classifyServer, isBare220 } from '../../protocol/signatures.ts'
import { serverNameAt } from '../../protocol/tls.ts'
import {
  fallback,
  find,
  firstWaiting,
  forget,
  idOf,
  isWaiting,
  open,
  rest,
  setFallback,
  setState,
  state,
  wait,
  waitingSince,
} from './connections.ts'
import {
  actFor,
  clientData,
  close,
  configuredNumber,
  mayGreet,
  now,
  publish,
  publishBytes,
  release,
  roomFor,
  serverData,
  setTick,
  show,
  units,
} from './host.ts'
import { drop, keep, recall } from './prefixes.ts'

const CONTINUE: i32 = 0
const PAUSE: i32 = 1

/** Flags of a connection's state: whose bytes Envoy holds for us; */
const clientHeld: i32 = 1
const serverHeld: i32 = 2
/** the client's bytes told nothing; */
const clientJudged: i32 = 4
/** the server's greeting was SMTP's or FTP's: the client's first command tells which. */
const greeted220: i32 = 8

/** Silence after which we judge what is there, in ms: the default, and what a configuration may say. */
const defaultSilence: i32 = 300
const minSilence: i32 = 10
const maxSilence: i32 = 10000

let silence: i32 = units(defaultSilence)
let tick: i32 = 75
let lastTick: i32 = 0

export function proxy_abi_version_0_2_1(): void {}

/** The host asks for room for what it is about to hand over. */
export function proxy_on_memory_allocate(bytes: u32): usize {
  return roomFor(bytes)
}

export function proxy_on_vm_start(context: i32, bytes: i32): i32 {
  return 1
}

/** The timeout in ms, for every listener of this VM. Anything else is refused. */
export function proxy_on_configure(context: i32, bytes: i32): i32 {
  const ms = configuredNumber(bytes, defaultSilence)
  if (ms < minSilence || ms > maxSilence) return 0
  silence = units(ms)
  tick = ms < 40 ? 10 : ms >> 2
  return 1
}

export function proxy_on_context_create(id: i32, parent: i32): void {}

/** Table full: nothing can be noted down, so the verdict falls now. */
export function proxy_on_new_connection(id: i32): i32 {
  if (open(id) !== 0) return CONTINUE
  publish('postern.app', UNKNOWN)
  return mayGreet(UNKNOWN) ? CONTINUE : refuse(UNKNOWN)
}

export function proxy_on_downstream_data(id: i32, bytes: i32, end: i32): i32 {
  const record = find(id)
  if (record === 0 || (state(record) & clientJudged) !== 0) return CONTINUE
  if (bytes === 0) {
    if (end !== 0) publish('postern.app', UNKNOWN) // the server may still greet
    return CONTINUE
  }
  // the server spoke first: its greeting decides, and the client waits for it with us (but never at the end of its stream)
  if ((state(record) & serverHeld) !== 0) return end !== 0 ? CONTINUE : hold(record, clientHeld)
  show(clientData, 0, bytes)
  const over: bool = end !== 0 || size() >= windowBytes
  const application = asked(record, over)
  if (application === UNDECIDED) {
    setFallback(record, asked(record, true))
    return hold(record, clientHeld)
  }
  told(record, application)
  return CONTINUE
}

function asked(record: usize, end: bool): i32 {
  return (state(record) & greeted220) !== 0 ? classifyClientAfter220(end) : classifyClient(end)
}

/** The client's bytes have been judged. While they told nothing, the server's first bytes still may. */
function told(record: usize, application: i32): void {
  publish('postern.app', application)
  if (application === TLS) publishServerName()
  if (application !== UNKNOWN) return done(record)
  rest(record)
  setState(record, clientJudged)
}

function publishServerName(): void {
  const name = serverNameAt()
  if (name > 0) publishBytes('postern.sni', name, be16(name - 2))
}

function done(record: usize): void {
  drop(record)
  forget(record)
}

function hold(record: usize, flag: i32): i32 {
  setState(record, state(record) | flag)
  startWaiting(record)
  return PAUSE
}

/** A timer runs only while somebody waits; it is set again where the one that set it may be gone with its listener. */
function startWaiting(record: usize): void {
  const time = now()
  if (firstWaiting() === 0 || time - lastTick > units(tick) << 1) {
    setTick(tick)
    lastTick = time
  }
  wait(record, time)
}

export function proxy_on_upstream_data(id: i32, bytes: i32, end: i32): i32 {
  const record = find(id)
  if (record === 0 || bytes === 0) return CONTINUE
  const before = (state(record) & serverHeld) !== 0 ? 0 : recall(record)
  show(serverData, before, bytes)
  const application = classifyServer(end !== 0 || size() >= windowBytes)
  if (application === UNDECIDED) return undecided(record)
  const either: bool = application === UNKNOWN && isBare220()
  if (!mayGreet(application) && !(either && (mayGreet(SMTP) || mayGreet(FTP)))) return refuse(application)
  if (either) setState(record, state(record) | greeted220)
  greeted(record, application)
  return CONTINUE
}

/** Where `unknown` may greet, the pieces pass at once. Where not, they are held: Envoy has no way to let them go later. */
function undecided(record: usize): i32 {
  if (!mayGreet(UNKNOWN)) return hold(record, serverHeld)
  setFallback(record, classifyServer(true))
  if (keep(record, size())) startWaiting(record)
  else greeted(record, fallback(record))
  return CONTINUE
}

/** The server's first bytes have been judged and may pass. */
function greeted(record: usize, application: i32): void {
  const flags = state(record)
  drop(record)
  publish('postern.app', application)
  if (application !== UNKNOWN || (flags & clientJudged) !== 0) forget(record)
  else setState(record, flags & ~serverHeld)
  if (application !== UNKNOWN && (flags & clientHeld) !== 0) release()
}

function refuse(application: i32): i32 {
  publish('postern.app', application)
  publish('postern.refused', application)
  close()
  return PAUSE
}

/** Ends the waits that have lasted. */
export function proxy_on_tick(root: i32): void {
  const time = now()
  lastTick = time
  for (let record = firstWaiting(); record !== 0 && time - waitingSince(record) >= silence; record = firstWaiting()) {
    rest(record)
    actFor(idOf(record))
    silent(record)
  }
  actFor(root)
  if (firstWaiting() === 0) setTick(0)
}

/** Nothing came for `silence`: judged as if nothing would ever come. */
function silent(record: usize): void {
  const flags = state(record)
  if ((flags & serverHeld) !== 0) refuse(UNKNOWN)
  else if ((flags & clientHeld) !== 0) {
    told(record, fallback(record))
    release()
  } else greeted(record, fallback(record))
}

export function proxy_on_downstream_connection_close(id: i32, who: i32): void {
  const record = find(id)
  if (record !== 0 && isWaiting(record)) publish('postern.app', fallback(record))
}

export function proxy_on_upstream_connection_close(id: i32, who: i32): void {}

export function proxy_on_done(id: i32): i32 {
  return 1
}

export function proxy_on_log(id: i32): void {}

export function proxy_on_delete(id: i32): void {
  const record = find(id)
  if (record !== 0) done(record)
}
