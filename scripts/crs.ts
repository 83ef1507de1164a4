/**
 * `npm run crs [-- <pattern>]`: CRS's regression in process, stages whose name (`942100-3`) matches; failures one by one,
 * last line `crs: passed/judged`. Exit code 1 where something failed.
 * `npm run crs -- --debian`: fetches Debian's CRS 3.3 (pinned) into the cache and says what of it loads.
 */
import { execFileSync } from 'node:child_process'
import { testData } from '../classifier/testdata.ts'
import { loadFrom } from '../classifier/waf/rule-sets.ts'
import { runRegression } from '../test/crs/regression.ts'

if (process.argv[2] === '--debian') debian()
else regression(process.argv[2])

function regression(pattern: string | undefined): void {
  const crs = testData('crs')
  if (crs === undefined) {
    console.error('crs: there is no CRS; CRS_DIR names one')
    process.exit(2)
  }
  const start = performance.now()
  const { judged, failures, statusOnly } = runRegression(crs, pattern === undefined ? undefined : new RegExp(pattern))
  for (const { stage, description, problems } of failures) {
    console.log(`${stage}: ${problems.join('; ')} (${description.trim().split('\n', 1)[0]})`)
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${crs}: ${seconds} s; ${statusOnly} stages ask for a status only and need a server`)
  console.log(`crs: ${judged - failures.length}/${judged}`)
  process.exit(failures.length > 0 ? 1 : 0)
}

function debian(): void {
  const directory = execFileSync('bash', ['scripts/debian-crs.sh'], { encoding: 'utf8' }).trim()
  const loaded = loadFrom({ kind: 'paths', paths: [directory] })
  const told = loaded.ok ? loaded.skipped : loaded.problems
  for (const { file, line, message } of told) console.log(`${file}:${line}: ${message}`)
  console.log(
    loaded.ok ? `${directory}: ${loaded.value.rules.length} rules, ${told.length} left out` : 'nothing was loaded',
  )
  process.exit(loaded.ok ? 0 : 1)
}
