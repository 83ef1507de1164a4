/** The OWASP Core Rule Set as sensors have it: settings, exclusions, responses. Skipped where it is not on this machine. */
import { beforeAll, describe, expect, test } from 'vitest'
import { aWafSensor } from '../../test/support/builders.ts'
import { defaultCrs } from '../../xds-server/policy/sensor.ts'
import { redaction } from '../dlp/redact.ts'
import { testData } from '../testdata.ts'
import { Engines } from './engines.ts'
import { Judging } from './exchange.ts'
import { aBody, allow, aPost, aProfile, aRequest, aResponse, aSet, deny, said } from './testdata/builders.ts'

const crsDirectory = testData('crs')
if (crsDirectory === undefined) console.warn('SKIPPED: no Core Rule Set (CRS_DIR, ../shared/data/crs)')

const crs = aWafSensor('full', { crs: { ...defaultCrs, responses: true } })
const excluded = aWafSensor('excluded', {
  crs: { ...defaultCrs, exclusions: [{ targets: ['ARGS:id'], tags: ['attack-sqli'] }] },
})
const set = aSet({
  wafSensors: [crs, excluded],
  profiles: [
    aProfile('crs', { waf: [deny('full')] }),
    aProfile('alert', { waf: [allow('full')] }),
    aProfile('excluded', { waf: [deny('excluded')] }),
  ],
})
const sqli = "/?id=1'%20or%20'1'='1"

describe.skipIf(crsDirectory === undefined)('CRS', () => {
  let engines: Engines
  beforeAll(() => {
    engines = new Engines({ crsDirectory, redact: redaction() })
    expect(engines.prepare(set)).toEqual([])
  })
  const judging = (profile: string) => new Judging(engines.profile(profile)!)

  test('an attack is denied by the rules that scored; exclusions take them away', () => {
    expect(said(judging('crs').request(aRequest(sqli)))).toMatchObject({
      action: 'deny',
      status: 403,
      findings: [
        expect.stringMatching(/^waf \| full \| 942100 \| ARGS:id \| SQL Injection Attack Detected via libinjection: /),
      ],
      found: 1,
      score: 5,
    })
    expect(said(judging('alert').request(aRequest(sqli)))).toMatchObject({ action: 'pass', found: 1, score: 5 })
    expect(said(judging('excluded').request(aRequest(sqli)))).toMatchObject({ action: 'pass', found: 0 })
  })

  test('below the threshold there is a score and no finding', () => {
    const verdict = said(judging('crs').request(aRequest('/', { authority: '10.42.0.9' })))
    expect(verdict).toMatchObject({ action: 'pass', found: 0, findings: [], score: 3 })
  })

  test('values of passwords and cookies are not shown', () => {
    const head = aPost('application/x-www-form-urlencoded', { headers: [['content-length', '40']] })
    const verdict = judging('alert').request(head, aBody("password=x' or '1'='1' -- hunter2"))
    expect(verdict.found).toBeGreaterThan(0)
    expect(JSON.stringify(verdict)).not.toContain('hunter2')
  })

  test('responses, with what the request left behind', () => {
    const exchange = judging('crs')
    expect(exchange.request(aRequest()).action).toBe('pass')
    const leak = exchange.response(
      aResponse('text/html'),
      aBody('You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version'),
    )
    expect(said(leak)).toMatchObject({ action: 'deny', findings: [expect.stringMatching(/^waf \| full \| 9512/)] })
    expect(
      judging('excluded').response(aResponse('text/html'), aBody('You have an error in your SQL syntax')).found,
    ).toBe(0)
  })
})
