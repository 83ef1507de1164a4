import { describe, expect, test } from 'vitest'
import { testData } from '../../../classifier/testdata.ts'
import { baseRules } from '../../../classifier/waf/base.ts'
import { createEngine, type Engine } from '../../../classifier/waf/engine/evaluate.ts'
import type { HttpRequest } from '../../../classifier/waf/engine/model.ts'
import { work } from '../../../classifier/waf/rx/work.ts'
import { loadRules } from '../../../classifier/waf/seclang/load.ts'
import { adversaries } from './adversarial.ts'

const crs = testData('crs')
if (crs === undefined) console.error('SKIPPED: the work that adversaries make, CRS is not here')

function loaded(directory: string): Engine {
  const rules = loadRules([directory], { before: [baseRules] })
  if (!rules.ok) throw new Error(rules.problems[0]!.message)
  return createEngine(rules.value)
}

/** Steps of matching, of a request that comes for the second time: what is learnt once is not the request's. */
function stepsOf(engine: Engine, request: HttpRequest): number {
  engine.evaluate(request)
  const before = work.steps
  engine.evaluate(request)
  return work.steps - before
}

describe.skipIf(crs === undefined)('matching', () => {
  const engine = crs === undefined ? undefined : loaded(crs)

  test.each(adversaries)('$name: twice the text is not four times the work', ({ of }) => {
    const [half, whole] = [stepsOf(engine!, of(8 * 1024)), stepsOf(engine!, of(16 * 1024))]
    expect(whole).toBeLessThan(3.5 * half + mostOnce)
  })

  test.each(adversaries)('$name: there are no more than some steps for each byte', ({ of }) => {
    const bytes = 16 * 1024
    expect(stepsOf(engine!, of(bytes))).toBeLessThan(stepsForByte * bytes + mostOnce)
  })
})

/** Of 40 texts that transformations make of a value, a byte each in several automata, and what learning earns. */
const stepsForByte = 400
const mostOnce = 1_000_000
