/**
 * Two engines, one answer: CRS in ours and in libmodsecurity, the same requests, the same rules matched and the same score,
 * or a reason in `waf/differences.ts`.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { testData } from '../../classifier/testdata.ts'
import { type Case, crsCases, ownCases } from './waf/cases.ts'
import { type Difference, explained, explanations } from './waf/differences.ts'
import { ourJudge, theirJudge } from './waf/judges.ts'
import { type Finding, peerLibrary } from './waf/peer.ts'

const crs = testData('crs')
const library = crs === undefined ? undefined : peerLibrary()
if (crs === undefined) console.error('SKIPPED: the WAF against libmodsecurity: CRS is not on this machine')
else if (library === undefined)
  console.error('SKIPPED: the WAF against libmodsecurity: there is no wheel (x86_64, Python 3.11)')

const used = new Set<string>()

describe.skipIf(library === undefined)('the WAF against libmodsecurity', () => {
  const cases = crs === undefined ? [] : [...ownCases, ...crsCases(crs)]
  const files = crs === undefined ? [] : readdirSync(join(crs, 'rules')).filter((name) => name.endsWith('.conf'))

  test('there are enough requests, each with a name of its own', () => {
    expect(ownCases.length).toBeGreaterThan(500)
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
  })

  test.each([1, 4])(
    'CRS at paranoia level %i: the same rules, the same score',
    async (paranoia) => {
      await using peer = await theirJudge(library!, crs!, files.sort(), paranoia)
      const asked = peer.judge(cases)
      const ours = cases.map(ourJudge(crs!, paranoia))
      const theirs = await asked
      const open = cases.flatMap((each, at) => unexplained(each, differenceOf(theirs[at]!, ours[at]!)) ?? [])
      const isHit = theirs.filter(({ ids }) => ids.length > 0).length
      console.log(
        `paranoia ${paranoia}: ${cases.length} requests, ${isHit} of them with matches, ${open.length} unexplained`,
      )
      expect(open).toEqual([])
      expect(isHit).toBeGreaterThan(cases.length / 2)
    },
    240_000,
  )

  test('no explanation is left over', () => {
    expect(explanations.filter(({ because }) => !used.has(because))).toEqual([])
  })
})

function differenceOf(theirs: Finding, ours: Finding): Difference {
  return {
    theirs: theirs.ids.filter((id) => !ours.ids.includes(id)),
    ours: ours.ids.filter((id) => !theirs.ids.includes(id)),
    score: theirs.score !== ours.score,
  }
}

function unexplained(each: Case, difference: Difference): ({ name: string } & Difference) | undefined {
  const { theirs, ours, score } = difference
  if (theirs.length + ours.length === 0 && !score) return undefined
  const because = explained(each, difference)
  if (because === undefined) return { name: each.name, ...difference }
  for (const explanation of because) used.add(explanation.because)
  return undefined
}
