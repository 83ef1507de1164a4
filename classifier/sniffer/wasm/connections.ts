/**
 * The connections that are not decided yet, in fixed tables: records by context id (hash chains), and the waiting ones in
 * the order of their last byte. Decided connections take no room. Memory that was never used is never touched, so the
 * 2.3 MB of tables cost what the peak of undecided connections needs.
 */

/** Undecided connections at a time and worker. Past it `open` answers 0: that connection is judged `unknown` at once. */
const capacity: i32 = 65536
const recordBytes: i32 = 36
const records: usize = memory.data(2359296);
const heads: usize = memory.data(262144);

const idAt: usize = 0
const nextAt: usize = 4
const olderAt: usize = 8
const newerAt: usize = 12
const sinceAt: usize = 16
const waitsAt: usize = 20
const stateAt: usize = 24
const fallbackAt: usize = 28
const prefixAt: usize = 32

let used: i32 = 0
let free: usize = 0
let oldest: usize = 0
let newest: usize = 0

function head(id: i32): usize {
  return heads + (<usize>(id & (capacity - 1)) << 2)
}

/** The record of a connection, 0 where there is none. */
export function find(id: i32): usize {
  let record: usize = <usize>load<u32>(head(id))
  while (record !== 0 && load<i32>(record, idAt) !== id) record = <usize>load<u32>(record, nextAt)
  return record
}

/** A record for a new connection, or 0 where the table is full. */
export function open(id: i32): usize {
  let record: usize = free
  if (record !== 0) free = <usize>load<u32>(record, nextAt)
  else if (used < capacity) record = records + <usize>(used++ * recordBytes)
  else return 0
  memory.fill(record, 0, recordBytes)
  store<i32>(record, id, idAt)
  store<u32>(record, load<u32>(head(id)), nextAt)
  store<u32>(head(id), <u32>record)
  return record
}

/** Gives a connection's record back. */
export function forget(record: usize): void {
  rest(record)
  const first = head(load<i32>(record, idAt))
  let link: usize = first
  let step: usize = <usize>load<u32>(first)
  while (step !== 0 && step !== record) {
    link = step + nextAt
    step = <usize>load<u32>(link)
  }
  if (step === record) store<u32>(link, load<u32>(record, nextAt))
  store<u32>(record, <u32>free, nextAt)
  free = record
}

/** Puts a connection last in the waiting line: it had a byte just now. */
export function wait(record: usize, time: i32): void {
  rest(record)
  store<i32>(record, time, sinceAt)
  store<i32>(record, 1, waitsAt)
  store<u32>(record, <u32>newest, olderAt)
  store<u32>(record, 0, newerAt)
  if (newest !== 0) store<u32>(newest, <u32>record, newerAt)
  else oldest = record
  newest = record
}

/** Takes a connection out of the waiting line. */
export function rest(record: usize): void {
  if (load<i32>(record, waitsAt) === 0) return
  const older: usize = <usize>load<u32>(record, olderAt)
  const newer: usize = <usize>load<u32>(record, newerAt)
  if (older !== 0) store<u32>(older, <u32>newer, newerAt)
  else oldest = newer
  if (newer !== 0) store<u32>(newer, <u32>older, olderAt)
  else newest = older
  store<i32>(record, 0, waitsAt)
}

/** The connection that has waited longest, 0 where nobody waits. */
export function firstWaiting(): usize {
  return oldest
}

export function isWaiting(record: usize): bool {
  return load<i32>(record, waitsAt) !== 0
}

export function waitingSince(record: usize): i32 {
  return load<i32>(record, sinceAt)
}

export function idOf(record: usize): i32 {
  return load<i32>(record, idAt)
}

/** What the plugin notes down: a set of flags, an application, and where a copy of the greeting so far is kept. */
export function state(record: usize): i32 {
  return load<i32>(record, stateAt)
}

export function setState(record: usize, flags: i32): void {
  store<i32>(record, flags, stateAt)
}

export function fallback(record: usize): i32 {
  return load<i32>(record, fallbackAt)
}

export function setFallback(record: usize, application: i32): void {
  store<i32>(record, application, fallbackAt)
}

export function prefix(record: usize): usize {
  return <usize>load<u32>(record, prefixAt)
}

export function setPrefix(record: usize, address: usize): void {
  store<u32>(record, <u32>address, prefixAt)
}
