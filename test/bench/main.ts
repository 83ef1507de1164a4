/**
 * `npm run bench [-- name…] [--sidecars N]`: runs the benches one after another, prints their figures and merges them
 * into `bench/`. Never judges a time: the exit code says whether everything could be measured, the table how it went.
 */
import { parseArgs } from 'node:util'
import type { Bench } from './figure.ts'
import { type Result, resultOf, saveResults, textTable } from './results.ts'

/** In the order they run: first the pure ones, then those with processes, then those with namespaces and the lab. */
const benches: Readonly<Record<string, () => Promise<{ readonly run: Bench }>>> = {
  policy: () => import('./policy.ts'),
  observe: () => import('./observe.ts'),
  dlp: () => import('./dlp.ts'),
  xds: () => import('./xds.ts'),
  dataplane: () => import('./dataplane.ts'),
  waf: () => import('./waf.ts'),
  'ext-proc': () => import('./ext-proc.ts'),
  'envoy-memory': () => import('./envoy-memory.ts'),
  edit: () => import('./edit.ts'),
}
const names = Object.keys(benches)
const defaultSidecars = 500

async function measure(name: string, sidecars: number, signal: AbortSignal): Promise<readonly Result[]> {
  const { run } = await benches[name]!()
  const say = (line: string) => process.stderr.write(`${name}: ${line}\n`)
  const figures = await run({ sidecars, say, signal })
  const date = new Date().toISOString()
  return figures.map((figure) => resultOf(name, figure, date))
}

type Wanted = { readonly names: readonly string[]; readonly sidecars: number }

/** Throws where the command line is not understood. */
function parse(args: readonly string[]): Wanted {
  const options = { sidecars: { type: 'string', default: `${defaultSidecars}` } } as const
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const unknown = positionals.filter((name) => !names.includes(name))
  const sidecars = Number(values.sidecars)
  if (unknown.length > 0) throw new Error(`no bench ${unknown.join(', ')}: there are ${names.join(', ')}`)
  if (!Number.isInteger(sidecars) || sidecars < 1) throw new Error('--sidecars wants a number')
  return { names: positionals.length > 0 ? positionals : names, sidecars }
}

async function runAll({ names: wanted, sidecars }: Wanted): Promise<void> {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stopping.abort(new Error(`stopped by ${signal}`)))
  for (const name of wanted) {
    if (stopping.signal.aborted) break
    try {
      const results = await measure(name, sidecars, stopping.signal)
      saveResults(results, names)
      process.stdout.write(`\n${name}\n${textTable(results)}\n`)
    } catch (error) {
      process.exitCode = 1
      process.stderr.write(`${name} could not run: ${(error as Error).stack}\n`)
    }
  }
}

try {
  await runAll(parse(process.argv.slice(2)))
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 2
}
