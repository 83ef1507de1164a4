/**
 * `npm test` behind its set-up: the checks, then every suite, then one line `N passed, N failed` that any CI can read.
 * Arguments go to vitest (`npm test -- xds-server/policy`).
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type Report = { numPassedTests: number; numFailedTests: number; numFailedTestSuites: number; success: boolean }

const dir = mkdtempSync(join(tmpdir(), 'postern-test-'))
const filters = process.argv.slice(2)
let passed = 0
let failed = 0

function run(title: string, command: string, args: readonly string[]): boolean {
  console.log(`\n== ${title}`)
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0
}

function suite(project: string): void {
  const file = join(dir, `${project}.json`)
  const ok = run(`tests: ${project}`, 'vitest', [
    'run',
    `--project=${project}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    '--passWithNoTests',
    ...filters,
  ])
  try {
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report
    passed += report.numPassedTests
    failed += report.numFailedTests
    // a file that could not be loaded, or an error outside a test, has no test to blame
    if (!ok && report.numFailedTests === 0) failed += 1
  } catch {
    failed += 1
  }
}

if (filters.length === 0) {
  if (run('check: types, Biome, knip, architecture', 'npm', ['run', '--silent', 'check'])) passed += 1
  else failed += 1
}
suite('unit')
suite('system')
rmSync(dir, { recursive: true, force: true })
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
