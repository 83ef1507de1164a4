/** CRS's regression over raw sockets through a real sidecar: what `npm run crs:envoy` prints. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testData } from '../../classifier/testdata.ts'
import { throughSidecar } from './envoy.ts'
import { type Sidecar, startSidecar } from './sidecar.ts'
import { readSuite } from './suite.ts'

const crs = testData('crs')
if (crs === undefined)
  console.warn('SKIPPED: no CRS (shared/data/crs or CRS_DIR): its regression through Envoy is not run')

let sidecar: Sidecar
beforeAll(async () => {
  if (crs !== undefined) sidecar = await startSidecar(crs)
})
afterAll(() => sidecar?.[Symbol.asyncDispose]())

test.skipIf(crs === undefined)(
  'every stage passes, but those that are listed with their reason, which do not',
  async () => {
    const { failures, needlesslyIgnored, ignored } = await throughSidecar(sidecar, readSuite(crs!))
    expect(failures.map(({ stage, problems }) => `${stage}: ${problems.join('; ')}`)).toEqual([])
    expect(needlesslyIgnored).toEqual([])
    expect(ignored.length).toBeLessThanOrEqual(40)
  },
  300_000,
)
