/** `npm run seclang-cases`: every case that fails, and `seclang-cases: N/M` last. */
import { testData } from '../classifier/testdata.ts'
import { runSeclangCases } from '../classifier/waf/seclang-cases.ts'

const directory = testData('seclang-cases')
if (directory === undefined) {
  console.error('seclang-cases: SKIPPED, the data is not on this machine')
} else {
  const outcomes = runSeclangCases(directory)
  const failed = outcomes.filter(({ problem }) => problem !== undefined)
  for (const { file, case: one, problem } of failed) {
    console.log(`${file} ${JSON.stringify([one.param, one.input]).slice(0, 300)}: ${problem}`)
  }
  console.log(`seclang-cases: ${outcomes.length - failed.length}/${outcomes.length}`)
  process.exitCode = failed.length > 0 ? 1 : 0
}
