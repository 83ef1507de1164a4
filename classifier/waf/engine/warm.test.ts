import { expect, test } from 'vitest'
import { work } from '../rx/work.ts'
import { aForm, anEngine } from '../testdata/builders.ts'

const rules = `
SecRule ARGS "@rx (?i)union.{0,20}select" "id:1,phase:2,t:none,t:urlDecodeUni,capture,logdata:'%{TX.0}'"
SecRule ARGS "@pm sleep benchmark" "id:2,phase:2,t:none,t:lowercase"`
const request = aForm('a=UNION+all+SELECT+the+basket&b=sleep')

test('a warm engine answers as a cold one does, and has less to do the first time', () => {
  const [cold, warm] = [anEngine(rules), anEngine(rules)]
  warm.warm()
  const stepsOf = (engine: typeof cold) => {
    const before = work.steps
    const { matches } = engine.evaluate(request)
    return { matches, steps: work.steps - before }
  }
  const [first, afterWarm] = [stepsOf(cold), stepsOf(warm)]
  expect(afterWarm.matches).toEqual(first.matches)
  expect(afterWarm.steps).toBeLessThan(first.steps / 2)
})
