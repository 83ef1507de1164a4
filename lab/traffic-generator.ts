/**
 * `traffic-generator.ts STATE-DIRECTORY DURATION-MS INTERVAL-MS`: rounds of everyday traffic, one client at a time, a
 * report (one line of JSON) after each. Ends at its deadline, with its standard input, or with the lab.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { execIn } from './exec.ts'
import { everydayFlows, type TrafficFlow } from './flows.ts'
import { layoutOf } from './layout.ts'
import { readManifest } from './manifest.ts'
import type { FlowCount } from './traffic.ts'

const clientTimeoutMs = 10_000

const [dir, durationMs, intervalMs] = process.argv.slice(2)
const layout = layoutOf(dir)
const lab = readManifest(layout)?.id
const stop = new AbortController()
const counts: Record<string, FlowCount> = {}

/** A client that can not even be started has failed like any other. */
async function failureOf(flow: TrafficFlow): Promise<string | null> {
  try {
    const result = await execIn(layout, flow.pod, flow.argv, { timeoutMs: clientTimeoutMs, signal: stop.signal })
    return flow.isGood(result) ? null : `exit code ${result.code}: ${result.stderr.trim() || result.stdout.trim()}`
  } catch (error) {
    return (error as Error).message
  }
}

async function runFlow(flow: TrafficFlow): Promise<void> {
  const failure = await failureOf(flow)
  if (stop.signal.aborted) return // what we broke off ourselves counts for nothing
  const { ok = 0, failed = 0, lastFailure = null } = counts[flow.name] ?? {}
  counts[flow.name] =
    failure === null ? { ok: ok + 1, failed, lastFailure } : { ok, failed: failed + 1, lastFailure: failure }
}

async function runRounds(): Promise<void> {
  for (let rounds = 1; !stop.signal.aborted && readManifest(layout)?.id === lab; rounds += 1) {
    for (const flow of everydayFlows) await runFlow(flow)
    process.stdout.write(`${JSON.stringify({ rounds, flows: counts })}\n`)
    await delay(Number(intervalMs), undefined, { signal: stop.signal }).catch(() => {})
  }
}

process.stdin
  .on('end', () => stop.abort())
  .on('error', () => stop.abort())
  .resume()
process.stdout.on('error', () => stop.abort())
setTimeout(() => stop.abort(), Number(durationMs)).unref()
await runRounds()
process.exit(0)
