/** Debian's modsecurity-crs 3.3, as the package ships it. Fetched by `npm run crs -- --debian`, never by this test. */
import { spawnSync } from 'node:child_process'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createEngine } from '../../classifier/waf/engine/evaluate.ts'
import type { HttpRequest, HttpResponse } from '../../classifier/waf/engine/model.ts'
import { loadFrom, type RuleSettings } from '../../classifier/waf/rule-sets.ts'

const found = spawnSync('bash', ['scripts/debian-crs.sh', '--cached'], { encoding: 'utf8' })
const debian = found.status === 0 ? found.stdout.trim() : undefined
if (debian === undefined)
  console.warn("SKIPPED: Debian's CRS 3.3 is not in the cache (npm run crs -- --debian fetches it)")

const request = (uri: string): HttpRequest => ({
  method: 'GET',
  uri,
  protocol: 'HTTP/1.1',
  headers: [
    ['Host', 'shop'],
    ['User-Agent', 'Mozilla/5.0'],
    ['Accept', '*/*'],
  ],
  body: '',
})
const failing: HttpResponse = {
  status: 500,
  headers: [['Content-Type', 'text/html']],
  body: 'You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version',
}

describe.skipIf(debian === undefined)('CRS 3.3 as Debian ships it', () => {
  const engineWith = (settings: RuleSettings = {}) => {
    const loaded = loadFrom({ kind: 'paths', paths: [debian!] }, settings)
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
    const engine = createEngine(loaded.value)
    const judge = (uri: string, response?: HttpResponse) => {
      const { ids, score, blocked } = engine.evaluate(request(uri), response)
      return { ids, score, blockedBy: blocked?.id }
    }
    return { loaded, judge }
  }
  const nothing = { ids: [], score: 0, blockedBy: undefined }
  const injection = '/?id=1%27%20or%201=1--'

  test('loads, but for rules that ask for what this engine does not do; blocks, lets pass, tells its score', () => {
    const { loaded, judge } = engineWith()
    expect(loaded.value.rules.length).toBeGreaterThan(600)
    expect(loaded.skipped.map(({ file, line }) => `${basename(file)}:${line}`)).toEqual([
      'REQUEST-910-IP-REPUTATION.conf:79',
      'REQUEST-910-IP-REPUTATION.conf:162',
      'REQUEST-920-PROTOCOL-ENFORCEMENT.conf:99',
      'REQUEST-920-PROTOCOL-ENFORCEMENT.conf:985',
      'REQUEST-920-PROTOCOL-ENFORCEMENT.conf:1147',
      'REQUEST-942-APPLICATION-ATTACK-SQLI.conf:571',
      'REQUEST-942-APPLICATION-ATTACK-SQLI.conf:732',
      'RESPONSE-953-DATA-LEAKAGES-PHP.conf:84',
    ])
    expect(judge(injection)).toMatchObject({ score: 5, blockedBy: 949110 })
    expect(judge('/?file=../../../etc/passwd')).toMatchObject({ score: 30, blockedBy: 949110 })
    expect(judge('/basket?id=7')).toEqual(nothing)
    expect(judge('/?q=a%27b')).toEqual(nothing)
    expect(judge('/', failing)).toMatchObject({ ids: expect.arrayContaining([951230]), blockedBy: 959100 })
  })

  test('takes levels and thresholds', () => {
    const { judge } = engineWith({ paranoia: 4, inboundThreshold: 60 })
    expect(judge('/?q=a%27b').score).toBeGreaterThan(0)
    expect(judge(injection)).toMatchObject({ blockedBy: undefined, ids: expect.arrayContaining([942100]) })
  })

  test('takes exclusions, and answers out of sight', () => {
    const { judge } = engineWith({ exclusions: [{ tags: ['attack-sqli'] }], responses: false })
    expect(judge(injection)).toEqual(nothing)
    expect(judge('/', failing)).toEqual(nothing)
  })
})
