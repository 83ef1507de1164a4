/**
 * `npm run crs [-- <pattern>]`: CRS's regression in process, stages whose name (`942100-3`) matches; failures one by one,
 * last line `crs: passed/judged`. Exit code 1 where something failed.
 */
import { testData } from '../classifier/testdata.ts'
import { runRegression } from '../test/crs/regression.ts'

const crs = testData('crs')
if (crs === undefined) {
  console.error('crs: there is no CRS; CRS_DIR names one')
  process.exit(2)
}
const pattern = process.argv[2]
const start = performance.now()
const { judged, failures, statusOnly } = runRegression(crs, pattern === undefined ? undefined : new RegExp(pattern))
for (const { stage, description, problems } of failures) {
  console.log(`${stage}: ${problems.join('; ')} (${description.trim().split('\n', 1)[0]})`)
}
const seconds = ((performance.now() - start) / 1000).toFixed(1)
console.log(`${crs}: ${seconds} s; ${statusOnly} stages ask for a status only and need a server`)
console.log(`crs: ${judged - failures.length}/${judged}`)
process.exit(failures.length > 0 ? 1 : 0)
