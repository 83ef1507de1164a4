/**
 * A worker: compiles sets, judges calls, one after the other. It sleeps on a shared number instead of in the event loop,
 * which halves what a small call costs on its way; now and then it turns the loop for what waits there.
 */
import { readlinkSync } from 'node:fs'
import { receiveMessageOnPort, workerData } from 'node:worker_threads'
import { redaction } from '../dlp/redact.ts'
import { Engines } from './engines.ts'
import { Exchanges } from './exchanges.ts'
import type { Verdict } from './model.ts'
import { failed } from './result.ts'
import { type FromWorker, isClean, ownCopy, place, type ToWorker, type WorkerSettings } from './wire.ts'

const { port, shared, crsDirectory, key } = workerData as WorkerSettings
const state = new Int32Array(shared)
const engines = new Engines({ crsDirectory, redact: redaction(Buffer.from(key)) })
const exchanges = new Exchanges(engines)

/** Messages between two turns of the event loop… */
const messagesPerTurn = 64
/** …and milliseconds where there are none. */
const idleMs = 1000

const send = (message: FromWorker, moved: ArrayBuffer[] = []): void => port.postMessage(message, moved)

function call({ id, exchange, call, body }: Extract<ToWorker, { kind: 'call' }>): void {
  Atomics.store(state, place.call, id)
  const verdict = judged(() => exchanges.call(exchange, call, body))
  Atomics.store(state, place.call, 0)
  if (isClean(verdict)) send({ kind: 'clean', id, us: verdict.us, score: verdict.score })
  else if (verdict.masked === undefined) send({ kind: 'verdict', id, verdict })
  else {
    const masked = ownCopy(verdict.masked)
    send({ kind: 'verdict', id, verdict: { ...verdict, masked } }, [masked.buffer])
  }
}

/** A defect is the exchange's, not the worker's. Its text could hold a value: only its kind is told. */
function judged(work: () => Verdict): Verdict {
  try {
    return work()
  } catch (error) {
    return failed(`the engine failed: ${error instanceof Error ? error.name : 'unknown'}`)
  }
}

function take(message: ToWorker): void {
  if (message.kind === 'call') call(message)
  else if (message.kind === 'drop') exchanges.drop(message.exchange)
  else {
    const problems = engines.prepare(message.set)
    send({ kind: 'prepared', revision: message.revision, profiles: engines.ids, problems })
  }
}

/** Linux only; elsewhere work is measured by the clock. */
function threadId(): number {
  try {
    return Number(/\d+$/.exec(readlinkSync('/proc/thread-self'))?.[0] ?? 0)
  } catch {
    return 0
  }
}

Atomics.store(state, place.thread, threadId())
for (;;) {
  for (let taken = 0; taken < messagesPerTurn; taken++) {
    const seen = Atomics.load(state, place.signal)
    const received = receiveMessageOnPort(port)
    if (received) take(received.message as ToWorker)
    else if (Atomics.wait(state, place.signal, seen, idleMs) === 'timed-out') break
  }
  await new Promise(setImmediate)
}
