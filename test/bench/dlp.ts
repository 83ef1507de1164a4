/**
 * What DLP costs a body, on one core: every detector in one streaming pass (decoding and base64 included), against the
 * straightforward scanner: one regex a detector over the whole text, nothing checked. Interleaved, best of several rounds,
 * process CPU.
 */
import { detectors } from '../../classifier/dlp/detectors.ts'
import { compileDetectors } from '../../classifier/dlp/program.ts'
import { redaction } from '../../classifier/dlp/redact.ts'
import { scanAll } from '../../classifier/dlp/stream.ts'
import { bodies, naiveRegexes } from './dlp/bodies.ts'
import type { BenchOptions, Figure } from './figure.ts'

const rounds = 12
/** As Envoy hands bodies on. */
const chunkBytes = 64 * 1024
/** Design page, classifier.md. */
const gate = { of: 'value', atLeast: 150 } as const

const program = compileDetectors(detectors)
const redact = redaction()

function ours(body: Buffer): number {
  const chunks = Array.from({ length: Math.ceil(body.length / chunkBytes) }, (_, i) =>
    body.subarray(i * chunkBytes, (i + 1) * chunkBytes),
  )
  return scanAll(program, redact, chunks).found
}

function naive(body: Buffer): number {
  const text = body.toString('latin1')
  let found = 0
  for (const regex of naiveRegexes) for (const _ of text.matchAll(regex)) found++
  return found
}

/** MB/s of process CPU. */
function speedOf(work: (body: Buffer) => number, body: Buffer): number {
  const before = process.cpuUsage()
  work(body)
  const { user, system } = process.cpuUsage(before)
  return body.length / (user + system)
}

export function run({ say, signal }: BenchOptions): readonly Figure[] {
  // V8 compiles the inner loop for what it has seen: let it see everything before the clock runs.
  for (const body of [...Object.values(bodies), ...Object.values(bodies)]) ours(body)
  return Object.entries(bodies).map(([name, body]) => {
    const best = { ours: 0, naive: 0 }
    for (let round = 0; round < rounds; round++) {
      signal.throwIfAborted()
      best.ours = Math.max(best.ours, speedOf(ours, body))
      best.naive = Math.max(best.naive, speedOf(naive, body))
    }
    say(`${name}: ${ours(body)} checked findings, ${naive(body)} unchecked ones of the regexes`)
    const peer = { name: 'one regex a detector, unchecked', value: best.naive }
    const figure = {
      name: `one pass, ${program.detectors.length} detectors, ${name}`,
      value: best.ours,
      unit: 'MB/s/core',
      peer,
    }
    return name.includes('numbers') ? figure : { ...figure, gate }
  })
}
