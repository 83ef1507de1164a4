/** The Core Rule Set's own regression, unmodified, through the engine. */
import { expect, test } from 'vitest'
import { testData } from '../../classifier/testdata.ts'
import { runRegression } from './regression.ts'

const crs = testData('crs')
if (crs === undefined)
  console.warn('SKIPPED: CRS is not on this machine (CRS_DIR, ../shared/data/crs): its regression did not run')

/** Of the stages that say something about the log; classifier.md's bar. */
const bar = 0.995

test.skipIf(crs === undefined)(
  'CRS regression in process',
  () => {
    const { judged, failures } = runRegression(crs!)
    const told = failures.map(({ stage, problems }) => `${stage}: ${problems.join('; ').slice(0, 200)}`)
    console.log(`crs: ${judged - failures.length}/${judged}`)
    expect(judged).toBeGreaterThan(5000)
    expect(judged - failures.length, told.join('\n')).toBeGreaterThanOrEqual(Math.ceil(judged * bar))
  },
  300_000,
)
