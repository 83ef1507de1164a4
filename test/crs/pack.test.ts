/**
 * The embedded pack against CRS's regression. Its stages were written for other rules, many for higher levels, so nothing is
 * asserted but that the measure ran: what is printed says where the pack stands.
 */
import { expect, test } from 'vitest'
import { testData } from '../../classifier/testdata.ts'
import { createEngine, type Engine } from '../../classifier/waf/engine/evaluate.ts'
import { loadFrom } from '../../classifier/waf/rule-sets.ts'
import { answer } from './albedo.ts'
import { received } from './front.ts'
import { requestOf } from './request.ts'
import { readSuite, type Stage } from './suite.ts'

const crs = testData('crs')
if (crs === undefined) console.warn('SKIPPED: CRS is not on this machine: the pack was not held against its regression')

function isBlocked(engine: Engine, { input }: Stage): boolean {
  const request = received(requestOf(input))
  return request === undefined || engine.evaluate(request, answer(request)).blocked !== undefined
}

/** The first three digits of the rule a stage is for. */
const familyOf = ({ name }: Stage): string => name.slice(0, 3)

test.skipIf(crs === undefined)("the pack, on CRS's attacks and non-attacks", () => {
  const loaded = loadFrom({ kind: 'pack' })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  const engine = createEngine(loaded.value)
  const stages = readSuite(crs!).filter(({ output }) => output.log !== undefined)
  const attacks = stages.filter(({ output }) => (output.log?.expect_ids ?? []).length > 0)
  const benign = stages.filter(({ output }) => output.log?.no_expect_ids && !output.log.expect_ids)
  const share = (list: readonly Stage[]): string => {
    const blocked = list.filter((stage) => isBlocked(engine, stage)).length
    return `${blocked}/${list.length} (${Math.round((100 * blocked) / list.length)} %)`
  }
  for (const [family, list] of Map.groupBy(attacks, familyOf))
    console.log(`pack: ${family} attacks blocked ${share(list)}`)
  console.log(`pack: attacks blocked ${share(attacks)}; stages that expect no rule, blocked ${share(benign)}`)
  expect(attacks.length).toBeGreaterThan(3000)
})
