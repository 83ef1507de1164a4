/**
 * `npm run crs:envoy [-- <pattern>]`: CRS's regression over raw sockets through a real sidecar (root: it makes network
 * namespaces). Failures one by one; last line `crs:envoy: passed/stages, N ignored`. Exit code 1 where a stage failed that
 * is not in test/crs/ignored-envoy.yaml, or one that stands there passed.
 */
import { testData } from '../classifier/testdata.ts'
import { throughSidecar } from '../test/crs/envoy.ts'
import { startSidecar } from '../test/crs/sidecar.ts'
import { readSuite } from '../test/crs/suite.ts'

const crs = testData('crs')
if (crs === undefined) {
  console.error('crs: there is no CRS; CRS_DIR names one')
  process.exit(2)
}
const only = new RegExp(process.argv[2] ?? '')
const stages = readSuite(crs).filter(({ name }) => only.test(name))
const start = performance.now()
await using sidecar = await startSidecar(crs)
const { failures, ignored, needlesslyIgnored } = await throughSidecar(sidecar, stages)
for (const { stage, problems, description } of failures) {
  console.log(`${stage}: ${problems.join('; ')} (${description.trim().split('\n', 1)[0]})`)
}
for (const name of needlesslyIgnored) console.log(`${name}: ignored, and passes`)
console.log(`${crs}: ${((performance.now() - start) / 1000).toFixed(1)} s`)
const passed = stages.length - failures.length - ignored.length
console.log(`crs:envoy: ${passed}/${stages.length}, ${ignored.length} ignored`)
process.exitCode = failures.length + needlesslyIgnored.length > 0 ? 1 : 0
