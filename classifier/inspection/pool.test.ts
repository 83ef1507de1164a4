/** What happens to calls when one takes too long, workers end, or there are too many. */
import { expect, test } from 'vitest'
import { aDlpSensor } from '../../test/support/builders.ts'
import type { Problem } from '../../xds-server/policy/model.ts'
import { pauseBeforeHiring } from './crew.ts'
import { inspector } from './inspector.ts'
import type { Exchange } from './model.ts'
import {
  aBody,
  aPost,
  aProfile,
  aRequest,
  aResponse,
  aSensorRule,
  aSet,
  deny,
  detector,
  regex,
  said,
} from './testdata/builders.ts'

/** On the body below it takes half a second. */
const slow = aDlpSensor('slow', { rules: [aSensorRule('r', regex('(?=.*b)a', { contexts: ['body'] }))] })
const cards = aDlpSensor('cards', { rules: [aSensorRule('card', detector('card', { contexts: ['body'] }))] })
const heads = aDlpSensor('heads', { rules: [aSensorRule('id', regex('ID-\\d', { contexts: ['url'] }))] })
const set = aSet({
  dlpSensors: [slow, cards, heads],
  profiles: [
    aProfile('slow', { dlp: [deny('slow')] }),
    aProfile('cards', { dlp: [deny('cards')] }),
    aProfile('heads', { dlp: [deny('heads')] }),
  ],
})
const stuck = aBody('a'.repeat(200_000))
const tooMuch = { action: 'error', status: 503, partial: 'it took more than 20 ms of work' }

async function running(onProblem: (problem: Problem) => void = () => {}) {
  const made = inspector({ workers: 1, deadlineMs: 20, deadlineMsPerMb: 0, onProblem })
  await made.apply(set)
  const begun = async (profile: string): Promise<Exchange> => (await made.begin(profile))!
  return { ...made, begun }
}

test('a call that takes too much work is an error, and nobody else’s is; its worker is replaced', async () => {
  const problems: Problem[] = []
  const { begun, state, close } = await running((problem) => problems.push(problem))
  try {
    const known = await begun('cards')
    expect(said(await known.request(aRequest(), undefined))).toMatchObject({ action: 'pass' })
    const [late, one, other] = [await begun('slow'), await begun('heads'), await begun('heads')]
    const guilty = late.request(aPost('text/plain'), stuck)
    const behind = [one.request(aRequest('/ID-1'), undefined), other.request(aRequest('/x'), undefined)]
    const response = known.response(aResponse(), aBody('x'))
    expect(await guilty).toMatchObject(tooMuch)
    expect((await Promise.all(behind)).map(({ action }) => action)).toEqual(['deny', 'pass'])
    expect(await response).toMatchObject({ action: 'error', partial: 'the worker that knew this exchange has ended' })
    expect(await known.response(aResponse(), aBody('x'))).toMatchObject({ action: 'error' })
    expect(state()).toMatchObject({ ended: 1, ready: 1 })
    expect(problems).toEqual([{ path: '', message: 'a worker was ended: one call took more than 20 ms of work' }])
  } finally {
    await close()
  }
})

test('where workers end again and again it is told, and they are started slowly; it goes on as soon as it can', async () => {
  const problems: Problem[] = []
  const { begin, close } = await running((problem) => problems.push(problem))
  try {
    while (!problems.some(({ message }) => message === '5 workers ended within 30 s: one is started every 3 s')) {
      const exchange = await begin('slow')
      if (exchange) expect(await exchange.request(aPost('text/plain'), stuck)).toMatchObject({ action: 'error' })
    }
    let after: Exchange | undefined
    while (!after) after = await begin('heads')
    expect(await after.request(aRequest('/ID-1'), undefined)).toMatchObject({ action: 'deny' })
  } finally {
    await close()
  }
})

test('how long a worker waits to be started', () => {
  const crashes = [100, 200, 300, 400, 500]
  expect(pauseBeforeHiring(crashes.slice(1), 500, 600)).toBe(0)
  expect(pauseBeforeHiring(crashes, 500, 600)).toBe(2900)
  expect(pauseBeforeHiring(crashes, 500, 3500)).toBe(0)
  expect(pauseBeforeHiring(crashes, 30_000, 30_100)).toBe(0)
})

test('what waits when it closes is answered', async () => {
  const { begun, close } = await running()
  const exchanges = await Promise.all(Array.from({ length: 20 }, () => begun('cards')))
  const verdicts = exchanges.map((exchange) => exchange.request(aRequest(), aBody('x')))
  await close()
  const actions = (await Promise.all(verdicts)).map(({ action }) => action)
  expect(actions.filter((action) => action !== 'pass' && action !== 'error')).toEqual([])
  expect(await exchanges[0]!.request(aRequest(), undefined)).toMatchObject({ action: 'error' })
})

test('more calls than may wait are errors at once', async () => {
  const { begun, close } = await running()
  try {
    const exchange = await begun('cards')
    const verdicts = await Promise.all(Array.from({ length: 3000 }, () => exchange.request(aRequest(), undefined)))
    const errors = verdicts.filter(({ action }) => action === 'error')
    expect(new Set(errors.map(({ partial }) => partial))).toEqual(new Set(['too many calls wait for a worker']))
    expect(errors.length).toBeGreaterThan(900)
    expect(verdicts.length - errors.length).toBeGreaterThan(2000)
  } finally {
    await close()
  }
})
