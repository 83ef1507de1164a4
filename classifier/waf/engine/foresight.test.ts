/**
 * With and without foresight the outcomes are the same, wholly: ids, messages and data, scores, what blocked. Every rule on
 * every value is slow, so the suite takes a part; `FORESIGHT=all vitest run … foresight.test.ts` takes everything (a minute).
 */
import { expect, test } from 'vitest'
import { answer } from '../../../test/crs/albedo.ts'
import { received } from '../../../test/crs/front.ts'
import { loadUnderTest } from '../../../test/crs/regression.ts'
import { requestOf } from '../../../test/crs/request.ts'
import { readSuite } from '../../../test/crs/suite.ts'
import { testData } from '../../testdata.ts'
import { answers, leaks } from '../pack/testdata/answers.ts'
import { attacks, get } from '../pack/testdata/attacks.ts'
import { benignRequests, benignValues, valuePlaces } from '../pack/testdata/benign.ts'
import { loadFrom } from '../rule-sets.ts'
import type { RuleSet } from '../seclang/model.ts'
import { createEngine } from './evaluate.ts'
import type { HttpRequest, HttpResponse } from './model.ts'

type Exchange = { readonly name: string; readonly request: HttpRequest; readonly response?: HttpResponse }

const crs = testData('crs')
if (crs === undefined) console.error("SKIPPED: foresight on CRS's regression, CRS is not here")
const isWhole = process.env.FORESIGHT === 'all'
const minutes = 60_000
/** Every n-th, spread over all. */
const some = <T>(all: readonly T[], most: number): readonly T[] =>
  isWhole ? all : all.filter((_, at) => at % Math.ceil(all.length / most) === 0)

function stagesOf(directory: string): readonly Exchange[] {
  return readSuite(directory).flatMap(({ name, input }): readonly Exchange[] => {
    const request = received(requestOf(input))
    return request ? [{ name, request, response: answer(request) }] : []
  })
}

/** Each twice: what is remembered of the first time changes nothing either. */
function differences(rules: RuleSet, exchanges: readonly Exchange[]): readonly unknown[] {
  const [fast, slow] = [createEngine(rules), createEngine(rules, { foresight: false })]
  return exchanges.flatMap(({ name, request, response }) => {
    const all = slow.evaluate(request, response)
    const told = [1, 2].map(() => fast.evaluate(request, response))
    return told.every((one) => JSON.stringify(one) === JSON.stringify(all)) ? [] : [{ name, all, told }]
  })
}

test.skipIf(crs === undefined)(
  "CRS's regression, level 4",
  () => {
    const exchanges = some(stagesOf(crs!), 100)
    expect(differences(loadUnderTest(crs!), exchanges)).toEqual([])
    expect(exchanges.length).toBeGreaterThan(isWhole ? 5000 : 90)
  },
  20 * minutes,
)

test.each([1, 2] as const)(
  "the pack's attacks, ordinary requests and answers, level %i",
  (paranoia) => {
    const pack = loadFrom({ kind: 'pack' }, { paranoia })
    if (!pack.ok) throw new Error(JSON.stringify(pack.problems))
    const values = benignValues().flatMap((value) =>
      Object.entries(valuePlaces).map(([place, make]) => ({ name: `${place}: ${value}`, request: make(value) })),
    )
    const answered = Object.entries({ ...answers, ...leaks }).map(([name, response]) => ({
      name,
      request: get('/'),
      response,
    }))
    const exchanges = [...some([...attacks(), ...benignRequests, ...values], 300), ...answered]
    expect(differences(pack.value, exchanges)).toEqual([])
    expect(exchanges.length).toBeGreaterThan(300)
  },
  20 * minutes,
)
