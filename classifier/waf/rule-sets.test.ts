import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CrsExclusion, CrsSettings } from '../../xds-server/policy/sensor.ts'
import { createEngine } from './engine/evaluate.ts'
import type { HttpRequest, HttpResponse } from './engine/model.ts'
import { loadRuleSet, ruleOrigin } from './rule-sets.ts'
import { aRequest } from './testdata/builders.ts'

const standard: CrsSettings = {
  ruleSet: 'crs',
  paranoia: 1,
  inboundThreshold: 5,
  outboundThreshold: 4,
  exclusions: [],
  responses: true,
}

/** A rule set in the shape of CRS: its set-up says level 1, its rules score by level, its last rule blocks. */
const miniature = {
  'crs-setup.conf': 'SecAction "id:900000,phase:1,pass,nolog,setvar:tx.blocking_paranoia_level=1"',
  'rules/REQUEST-901-INITIALIZATION.conf': `
SecRule &TX:inbound_anomaly_score_threshold "@eq 0" "id:901100,phase:1,pass,nolog,setvar:tx.inbound_anomaly_score_threshold=5"
SecRule &TX:outbound_anomaly_score_threshold "@eq 0" "id:901101,phase:1,pass,nolog,setvar:tx.outbound_anomaly_score_threshold=4"`,
  'rules/REQUEST-942-SQLI.conf': `
SecRule TX:blocking_paranoia_level "@lt 3" "id:942001,phase:2,pass,nolog,skipAfter:END"
SecRule ARGS "@contains three" "id:942300,phase:2,pass,tag:'attack-sqli',setvar:tx.blocking_inbound_anomaly_score=+5"
SecMarker END
SecRule ARGS "@contains one" "id:942100,phase:2,pass,tag:'attack-sqli',setvar:tx.blocking_inbound_anomaly_score=+5"
SecRule TX:blocking_inbound_anomaly_score "@ge %{tx.inbound_anomaly_score_threshold}" "id:949110,phase:2,deny"`,
  'rules/RESPONSE-950.conf': `
SecRule RESPONSE_STATUS "@streq 500" "id:950100,phase:3,pass,setvar:tx.blocking_outbound_anomaly_score=+4"
SecRule TX:blocking_outbound_anomaly_score "@ge %{tx.outbound_anomaly_score_threshold}" "id:959100,phase:4,deny"`,
}

let crs = ''
beforeAll(() => {
  crs = mkdtempSync(join(tmpdir(), 'postern-crs-'))
  mkdirSync(join(crs, 'rules'))
  for (const [name, text] of Object.entries(miniature)) writeFileSync(join(crs, name), text)
})
afterAll(() => rmSync(crs, { recursive: true, force: true }))

function judge(settings: Partial<CrsSettings>, uri: string, response?: HttpResponse) {
  const loaded = loadRuleSet({ ...standard, ...settings, crsDirectory: crs })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  const request: HttpRequest = aRequest({ uri })
  const { ids, score, blocked } = createEngine(loaded.value).evaluate(request, response)
  return { ids, score, blockedBy: blocked?.id }
}

describe('which rules a name means', () => {
  test.each([
    ['base', '/crs', { kind: 'pack' }],
    ['crs', '/crs', { kind: 'paths', paths: ['/crs'] }],
    ['crs', undefined, { kind: 'pack', because: expect.stringMatching(/no Core Rule Set is configured/) }],
  ] as const)('%s with %s', (name, directory, origin) => expect(ruleOrigin(name, directory)).toEqual(origin))
})

describe('settings', () => {
  test('the level stands above what the set-up of the rules says', () => {
    expect(judge({}, '/?a=three')).toEqual({ ids: [], score: 0, blockedBy: undefined })
    expect(judge({ paranoia: 3 }, '/?a=three')).toEqual({ ids: [942300, 949110], score: 5, blockedBy: 949110 })
  })

  test('thresholds', () => {
    expect(judge({ inboundThreshold: 6 }, '/?a=one')).toEqual({ ids: [942100], score: 5, blockedBy: undefined })
    expect(judge({ inboundThreshold: 6 }, '/?a=one&b=one')).toMatchObject({ score: 10, blockedBy: 949110 })
  })

  test('answers are judged, or not at all', () => {
    const response: HttpResponse = { status: 500, headers: [], body: '' }
    expect(judge({}, '/', response)).toEqual({ ids: [950100, 959100], score: 4, blockedBy: 959100 })
    expect(judge({ outboundThreshold: 5 }, '/', response)).toMatchObject({ score: 4, blockedBy: undefined })
    expect(judge({ responses: false }, '/', response)).toEqual({ ids: [], score: 0, blockedBy: undefined })
  })
})

describe('exclusions', () => {
  test.each<[CrsExclusion, readonly number[]]>([
    [{ ids: ['942100'] }, []],
    [{ ids: ['942101-942999', '7'] }, [942100, 949110]],
    [{ ids: ['7', '942000-942999'] }, []],
    [{ tags: ['nothing', 'attack-sqli'] }, []],
    [{ targets: ['ARGS:a'], ids: ['942100'] }, []],
    [{ targets: ['ARGS:b', 'ARGS:/^a/'], tags: ['attack-sqli'] }, []],
    [{ targets: ['ARGS:b'], tags: ['attack-sqli'] }, [942100, 949110]],
    [{ targets: ['ARGS:a'], ids: ['942300', '942000-942200'] }, []],
  ])('%j', (exclusion, ids) => expect(judge({ exclusions: [exclusion] }, '/?a=one').ids).toEqual(ids))

  test.each<[CrsExclusion, string]>([
    [{ ids: ['many'] }, 'many is neither an id nor a range of ids'],
    [{ targets: ['COOKIE:a'], ids: ['1'] }, 'there is no variable COOKIE'],
    [{ tags: ['x"\nSecRuleEngine Off\n"'] }, '«x"\nSecRuleEngine Off\n"» is no name'],
  ])('%j is a problem with its place', (exclusion, message) => {
    const exclusions = [{ ids: ['1'] }, exclusion]
    expect(loadRuleSet({ ...standard, exclusions, crsDirectory: crs })).toEqual({
      ok: false,
      problems: [{ file: 'exclusions', line: 2, message }],
    })
  })
})

test('a directory that is not there is a problem with its path', () => {
  expect(loadRuleSet({ ...standard, crsDirectory: '/nowhere' })).toMatchObject({
    ok: false,
    problems: [{ file: '/nowhere', line: 0 }],
  })
})

test('without a directory, crs is the pack', () => {
  const loaded = loadRuleSet(standard)
  expect(loaded.ok && loaded.value.rules.some(({ id }) => id === 9_117_010)).toBe(true)
})
