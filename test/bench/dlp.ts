/**
 * What DLP costs a body, on one core, decoding and base64 included: every detector in one pass, and two sensors as people bind
 * them, against regexes in V8 that check nothing. Then what else may happen to a body: compressed, masked while it passes.
 * Turn by turn, best of several rounds, process CPU.
 */
import { gzipSync } from 'node:zlib'
import { detectors } from '../../classifier/dlp/detectors.ts'
import { createDlp } from '../../classifier/dlp/dlp.ts'
import { compileDetectors } from '../../classifier/dlp/program.ts'
import { redaction } from '../../classifier/dlp/redact.ts'
import { compileSensor } from '../../classifier/dlp/sensor.ts'
import { scanAll } from '../../classifier/dlp/stream.ts'
import { predefinedDlpSensors } from '../../xds-server/policy/sensor.ts'
import { bodies, cardRegexes, naiveRegexes } from './dlp/bodies.ts'
import type { BenchOptions, Figure } from './figure.ts'

const rounds = 10
/** As Envoy hands bodies on. */
const chunkBytes = 64 * 1024
/** Design page, classifier.md; for tables of numbers the issue's own. */
const gates: Readonly<Record<string, number>> = {
  prose: 150,
  'JSON of an API': 150,
  'HTML with links': 150,
  'a table of numbers': 60,
}

const redact = redaction()
const program = compileDetectors(detectors)

/** Those of these names, whole bodies looked at. */
function sensorsOf(names: readonly string[], mask: boolean) {
  return predefinedDlpSensors
    .filter(({ name }) => names.includes(name))
    .map((sensor) => {
      const compiled = compileSensor({ ...sensor, mask, body: { inspectBytes: Number.MAX_SAFE_INTEGER } })
      if (!compiled.ok) throw new Error(`sensor ${sensor.name}: ${compiled.problems[0]?.message}`)
      return compiled.value
    })
}
const cards = createDlp(sensorsOf(['creditcard', 'ssn'], false), redact)
const masking = createDlp(sensorsOf(['creditcard', 'ssn', 'secrets'], true), redact)

type Work = (body: Buffer) => number

const chunksOf = (body: Buffer): readonly Buffer[] =>
  Array.from({ length: Math.ceil(body.length / chunkBytes) }, (_, i) =>
    body.subarray(i * chunkBytes, (i + 1) * chunkBytes),
  )

const onePass: Work = (body) => scanAll(program, redact, chunksOf(body)).found

const inspected =
  (contentEncoding: string): Work =>
  (body) => {
    const inspection = cards.begin({ contentEncoding })
    for (const chunk of chunksOf(body)) inspection.push('body', chunk)
    return inspection.finish().sensors.reduce((sum, { rules }) => sum + rules.reduce((n, { found }) => n + found, 0), 0)
  }

const masked: Work = (body) => {
  const stream = masking.begin().masked()
  let size = 0
  for (const chunk of chunksOf(body)) size += stream.push(chunk).length
  return size + stream.finish().length
}

const regexes =
  (list: readonly RegExp[]): Work =>
  (body) => {
    const text = body.toString('latin1')
    let found = 0
    for (const regex of list) for (const _ of text.matchAll(regex)) found++
    return found
  }

/** Seconds of process CPU. */
function cost(work: Work, body: Buffer): number {
  const before = process.cpuUsage()
  work(body)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

type Case = { readonly name: string; readonly work: Work; readonly body: Buffer; readonly bytes: number }
type Peer = { readonly name: string; readonly work: Work }

const naive: Peer = { name: `${naiveRegexes.length} regexes in V8, unchecked`, work: regexes(naiveRegexes) }
const eight: Peer = { name: `${cardRegexes.length} regexes in V8, as NeuVector checks`, work: regexes(cardRegexes) }

function compared({ name, work, body, bytes }: Case, peer: Peer, plain: Buffer, { say, signal }: BenchOptions): Figure {
  let [ours, theirs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let round = 0; round < rounds; round++) {
    signal.throwIfAborted()
    ours = Math.min(ours, cost(work, body))
    theirs = Math.min(theirs, cost(peer.work, plain))
  }
  say(`${name}: ${work(body)}, the regexes ${peer.work(plain)}`)
  const speed = (seconds: number) => bytes / seconds / 1e6
  return { name, value: speed(ours), unit: 'MB/s/core', peer: { name: peer.name, value: speed(theirs) } }
}

export function run(options: BenchOptions): readonly Figure[] {
  // V8 compiles the inner loop for what it has seen: let it see everything before the clock runs.
  for (const body of [...Object.values(bodies), ...Object.values(bodies)]) onePass(body)
  const all = Object.entries(bodies).map(([kind, body]) => {
    const name = `one pass, ${program.detectors.length} detectors, ${kind}`
    const figure = compared({ name, work: onePass, body, bytes: body.length }, naive, body, options)
    const atLeast = gates[kind]
    return atLeast === undefined ? figure : { ...figure, gate: { of: 'value', atLeast } as const }
  })
  const json = bodies['JSON of an API']
  const table = bodies['a table of numbers']
  const bytes = json.length
  const plain = inspected('')
  return [
    ...all,
    compared({ name: 'cards and SSN, JSON of an API', work: plain, body: json, bytes }, eight, json, options),
    compared(
      { name: 'cards and SSN, a table of numbers', work: plain, body: table, bytes: table.length },
      eight,
      table,
      options,
    ),
    compared(
      { name: 'cards and SSN, gzipped JSON, decoded bytes', work: inspected('gzip'), body: gzipSync(json), bytes },
      eight,
      json,
      options,
    ),
    compared({ name: 'masked while it passes, JSON of an API', work: masked, body: json, bytes }, eight, json, options),
  ]
}
