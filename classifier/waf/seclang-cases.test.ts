import { expect, test } from 'vitest'
import { testData } from '../testdata.ts'
import { runSeclangCases } from './seclang-cases.ts'

const directory = testData('seclang-cases')
if (directory === undefined) console.error('SKIPPED: 4,292 operator and transformation cases, their data is not here')

test.skipIf(directory === undefined)(
  'all operator and transformation cases of ModSecurity and Coraza come true',
  () => {
    const outcomes = runSeclangCases(directory!)
    expect(outcomes.filter(({ problem }) => problem !== undefined)).toEqual([])
    expect(outcomes.length).toBeGreaterThanOrEqual(4292)
  },
)
