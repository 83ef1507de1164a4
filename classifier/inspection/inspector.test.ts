/** Messages judged by profiles, with real workers. */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aDlpSensor, aWafSensor } from '../../test/support/builders.ts'
import { defaultCrs, predefinedWafSensors } from '../../xds-server/policy/sensor.ts'
import { inspector, type RunningInspector } from './inspector.ts'
import type { BodyPrefix, Exchange, RequestHead, ResponseHead } from './model.ts'
import {
  aBody,
  allow,
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
  words,
} from './testdata/builders.ts'

const card = '4111 1111 1111 1111'
const jndi = aWafSensor('jndi', {
  rules: [aSensorRule('Log4j', regex('\\$\\{jndi:', { ignoreCase: true }))],
  body: { inspectBytes: 4096, pastLimit: 'deny' },
})
const shop = aWafSensor('shop', {
  rules: [
    aSensorRule(
      'admin',
      words(['admin'], { contexts: ['url'] }),
      regex('^X-Staff: yes$', { have: false, contexts: ['header'] }),
    ),
    aSensorRule('many', regex('sku-\\d+', { contexts: ['body'], atLeast: 3 })),
    aSensorRule('look', regex('id=(\\d)\\1(?!\\d)', { contexts: ['url'] })),
  ],
})
const base = aWafSensor('pack', { crs: { ...defaultCrs, ruleSet: 'base', responses: true } })
const cards = aDlpSensor('cards')
const masking = aDlpSensor('masking', { mask: true })
const strict = aDlpSensor('strict', { body: { inspectBytes: 1000, pastLimit: 'deny' } })
const keys = aDlpSensor('keys', {
  rules: [aSensorRule('jwt', detector('jwt')), aSensorRule('ids', regex('ID-\\d{6}'))],
})

const set = aSet({
  wafSensors: [jndi, shop, base],
  dlpSensors: [cards, masking, strict, keys],
  profiles: [
    aProfile('jndi', { waf: [deny('jndi')] }),
    aProfile('jndi-alert', { waf: [allow('jndi')] }),
    aProfile('jndi-monitor', { enforce: false, waf: [deny('jndi')] }),
    aProfile('shop', { waf: [deny('shop')] }),
    aProfile('base', { waf: [deny('pack')] }),
    aProfile('base-alert', { waf: [allow('pack')] }),
    aProfile('cards', { dlp: [deny('cards')] }),
    aProfile('cards-alert', { dlp: [allow('cards')] }),
    aProfile('mask', { dlp: [deny('masking'), deny('keys')] }),
    aProfile('strict', { dlp: [deny('strict')] }),
    aProfile('all', { waf: [deny('jndi'), allow('pack')], dlp: [deny('masking'), allow('keys')] }),
  ],
})

let running: RunningInspector
beforeAll(async () => {
  running = inspector({ workers: 1 })
  expect(await running.apply(set)).toEqual([])
})
afterAll(() => running.close())

async function begun(profile: string): Promise<Exchange> {
  const exchange = await running.begin(profile)
  if (!exchange) throw new Error(`no profile ${profile}`)
  return exchange
}

async function request(profile: string, head: RequestHead, body?: BodyPrefix) {
  const exchange = await begun(profile)
  const verdict = await exchange.request(head, body)
  exchange.drop()
  return said(verdict)
}

async function response(profile: string, head: ResponseHead, body: BodyPrefix, path = '/') {
  const exchange = await begun(profile)
  expect((await exchange.request(aRequest(path), undefined)).action).toBe('pass')
  const verdict = await exchange.response(head, body)
  exchange.drop()
  return said(verdict)
}

const pass = {
  action: 'pass',
  status: 200,
  findings: [],
  found: 0,
  score: 0,
  partial: undefined,
  masked: undefined,
  decoded: false,
}
const attack = '/?q=%24%7Bjndi:ldap://x%7D'
const log4j = 'waf | jndi | Log4j | url | ${jndi:'

describe('rules of WAF sensors', () => {
  test('what matches is denied where the profile enforces and the sensor is bound with deny; else it is told', async () => {
    const found = { ...pass, findings: [log4j], found: 1 }
    expect(await request('jndi', aRequest(attack))).toEqual({ ...found, action: 'deny', status: 403 })
    expect(await request('jndi-alert', aRequest(attack))).toEqual(found)
    expect(await request('jndi-monitor', aRequest(attack))).toEqual(found)
    expect(await request('jndi', aRequest('/?q=jndi'))).toEqual(pass)
  })

  test('URL, headers and body; encoded or compressed', async () => {
    const where = async (head: RequestHead, body?: BodyPrefix) =>
      (await request('jndi', head, body)).findings.map((f) => f.split(' | ')[3])
    const text = '$'.concat('{jndi:ldap://x}')
    expect(await where(aRequest('/', { headers: [['x-api-version', text]] }))).toEqual(['header'])
    expect(await where(aPost('text/plain'), aBody(text))).toEqual(['body'])
    expect(await where(aPost('application/x-www-form-urlencoded'), aBody(`a=${encodeURIComponent(text)}`))).toEqual([
      'body',
    ])
    expect(
      await where(aPost('text/plain', { headers: [['content-encoding', 'gzip']] }), aBody(gzipSync(text))),
    ).toEqual(['body'])
  })

  test('all patterns must hold; one that must not be there; as many different values as are asked for; look-ahead', async () => {
    const rules = async (head: RequestHead, body?: BodyPrefix) =>
      (await request('shop', head, body)).findings.map((f) => f.split(' | ')[2])
    expect(await rules(aRequest('/admin/x'))).toEqual(['admin'])
    expect(await rules(aRequest('/admin/x', { headers: [['x-staff', 'yes']] }))).toEqual([])
    expect(await rules(aRequest('/administrator'))).toEqual([])
    expect(await rules(aPost('text/plain'), aBody('sku-1 sku-2 sku-1 sku-2'))).toEqual([])
    expect(await rules(aPost('text/plain'), aBody('sku-1 sku-2 sku-33'))).toEqual(['many'])
    expect(await rules(aRequest('/?id=22'))).toEqual(['look'])
    expect(await rules(aRequest('/?id=221'))).toEqual([])
  })

  test('past the limit: 413 where it is denied, marked partial where it is not; contents of files do not count', async () => {
    const long = aBody('x'.repeat(5000))
    const finding = 'waf | jndi | body-limit | body | the body has more than 4096 bytes'
    expect(await request('jndi', aPost('text/plain'), long)).toEqual({
      ...pass,
      action: 'deny',
      status: 413,
      findings: [finding],
      found: 1,
    })
    expect(await request('jndi', aPost('text/plain'), aBody('x'.repeat(4096), false))).toMatchObject({ status: 413 })
    expect(await request('jndi-alert', aPost('text/plain'), long)).toEqual({
      ...pass,
      partial: 'only 4096 bytes of the body were looked at',
    })
    const coded = (coding: string) => aPost('text/plain', { headers: [['content-encoding', coding]] })
    expect(await request('jndi', coded('gzip'), aBody(gzipSync('x'.repeat(4096))))).toEqual(pass)
    expect(await request('jndi', coded('nothing'), aBody('x'))).toMatchObject({
      status: 413,
      findings: ['waf | jndi | body-limit | body | content coding "nothing" is not known'],
    })
    const file = (name: string) =>
      aBody(`--b\r\nContent-Disposition: form-data; name="f"${name}\r\n\r\n${'x'.repeat(5000)}\r\n--b--\r\n`)
    expect(await request('jndi', aPost('multipart/form-data; boundary=b'), file('; filename="a.txt"'))).toEqual(pass)
    expect(await request('jndi', aPost('multipart/form-data; boundary=b'), file(''))).toMatchObject({ status: 413 })
  })
})

describe('rule sets', () => {
  const sqli = "/?id=1'%20UNION%20SELECT%20password%20FROM%20users--%20"

  test('an attack is denied with the rules that scored; a benign request is not even told of', async () => {
    const verdict = await request('base', aRequest(sqli))
    expect(verdict).toMatchObject({ action: 'deny', status: 403 })
    expect(verdict.score).toBeGreaterThanOrEqual(5)
    expect(verdict.findings.length).toBeGreaterThan(0)
    const strange = verdict.findings.filter((finding) => !/^waf \| pack \| 9\d+ \| ARGS:id \| /.test(finding))
    expect(strange).toEqual([])
    expect(await request('base', aRequest('/products/12?sort=price'))).toEqual(pass)
  })

  test('bound with allow: the same score and findings, and it passes', async () => {
    const { findings, found, score } = await request('base', aRequest(sqli))
    expect(await request('base-alert', aRequest(sqli))).toEqual({ ...pass, findings, found, score })
  })

  test('a body that can not be read is 400; the beginning of a longer one is not held to it', async () => {
    const json = aBody('{"a": [1, 2')
    expect(await request('base', aPost('application/json'), json)).toMatchObject({ action: 'deny', status: 400 })
    const start = aBody(`{"a": "${'x'.repeat(128 * 1024 - 7)}`, false)
    expect(await request('base-alert', aPost('application/json'), start)).toEqual({
      ...pass,
      partial: 'only 131072 bytes of the body were looked at',
    })
  })
})

describe('DLP', () => {
  const leak = 'dlp | cards | card | body | card | 41…11'

  test('found in requests and responses, with redacted samples only', async () => {
    const found = { ...pass, action: 'deny', status: 403, findings: [leak], found: 1 }
    expect(await request('cards', aPost('text/plain'), aBody(card))).toEqual(found)
    expect(await response('cards', aResponse(), aBody(card))).toEqual(found)
    expect(await response('cards-alert', aResponse(), aBody(card))).toEqual({ ...found, action: 'pass', status: 200 })
    expect(await request('cards', aPost('text/plain'), aBody('4111 1111 1111 1112'))).toEqual(pass)
    expect(await request('cards', aRequest(`/?c=${card.replaceAll(' ', '')}`))).toMatchObject({
      findings: ['dlp | cards | card | url | card | 41…11'],
    })
  })

  test('what is in the URL is told once, with the request', async () => {
    expect(await response('cards-alert', aResponse(), aBody('thanks'), '/?c=4111111111111111').catch(String)).toEqual(
      pass,
    )
  })

  test('masked in bodies, plain or compressed; elsewhere denied', async () => {
    const masked = {
      ...pass,
      findings: ['dlp | masking | card | body | card | 41…11'],
      found: 1,
      masked: 'pay 0000 0000 0000 0000 now',
    }
    expect(await response('mask', aResponse(), aBody(`pay ${card} now`))).toEqual(masked)
    expect(await request('mask', aPost('text/plain'), aBody(`pay ${card} now`))).toEqual(masked)
    const zipped = aBody(gzipSync(`pay ${card} now`))
    expect(await response('mask', aResponse('text/plain', ['content-encoding', 'gzip']), zipped)).toEqual({
      ...masked,
      decoded: true,
    })
    expect(await response('mask', aResponse('text/plain', ['x-card', card]), aBody('x'))).toMatchObject({
      action: 'deny',
      status: 403,
    })
    expect(await response('mask', aResponse(), aBody(`${card} ID-123456`))).toMatchObject({
      action: 'deny',
      masked: undefined,
    })
    const cut = aBody(gzipSync(`pay ${card} now`.repeat(50)).subarray(0, -12))
    expect(await response('mask', aResponse('text/plain', ['content-encoding', 'gzip']), cut)).toMatchObject({
      action: 'deny',
      masked: undefined,
    })
  })

  test('past the limit, or not to be decoded, where that is denied', async () => {
    expect(await response('strict', aResponse(), aBody('x'.repeat(1001)))).toMatchObject({
      action: 'deny',
      status: 413,
    })
    expect(await response('strict', aResponse(), aBody('x'.repeat(1000)))).toEqual(pass)
    expect(await response('strict', aResponse('text/plain', ['content-encoding', 'zstd']), aBody('x'))).toMatchObject({
      status: 413,
    })
    expect(await response('cards', aResponse('text/plain', ['content-encoding', 'zstd']), aBody('x'))).toEqual({
      ...pass,
      partial: 'content coding "zstd" is not known',
    })
  })

  test('a response that streams is masked wherever it is cut; nothing leaves before it was judged', async () => {
    const text = `${'some text, '.repeat(600)}pay ${card} now, ${'and more, '.repeat(600)}`
    for (const at of [0, 6604, 6611, 9000]) {
      const exchange = await begun('mask')
      await exchange.request(aRequest(), undefined)
      const first = await exchange.response(aResponse(), aBody(text.slice(0, at), false))
      const second = await exchange.more(Buffer.from(text.slice(at)), { end: false, flush: false })
      const last = await exchange.more(Buffer.alloc(0), { end: true, flush: false })
      const left = [first, second, last].map(({ masked }) => Buffer.from(masked!).toString())
      expect(left.join('')).toBe(text.replace(card, '0000 0000 0000 0000'))
      expect(left[0]!.length).toBeLessThanOrEqual(Math.max(0, at - 4096))
      expect(said(last).findings).toEqual(['dlp | masking | card | body | card | 41…11'])
      expect((await exchange.more(Buffer.from('x'), { end: true, flush: false })).action).toBe('error')
    }
  })

  test('the end of an event holds nothing back; what is denied in a stream ends it', async () => {
    const exchange = await begun('mask')
    await exchange.request(aRequest(), undefined)
    const first = await exchange.response(aResponse('text/event-stream'), aBody('', false))
    expect(said(first)).toEqual({ ...pass, masked: '' })
    const event = await exchange.more(Buffer.from(`data: ${card}\n\n`), { end: false, flush: true })
    expect(said(event)).toMatchObject({ action: 'pass', masked: 'data: 0000 0000 0000 0000\n\n' })
    const bad = await exchange.more(Buffer.from('data: ID-123456\n\n'), { end: false, flush: true })
    expect(said(bad)).toMatchObject({ action: 'deny', status: 403, masked: undefined })
  })

  test('where nothing is denied, a stream passes as it comes', async () => {
    const exchange = await begun('cards-alert')
    await exchange.request(aRequest(), undefined)
    expect(said(await exchange.response(aResponse(), aBody(card, false)))).toMatchObject({ masked: undefined })
    const last = await exchange.more(Buffer.from(' x'), { end: true, flush: false })
    expect(said(last)).toMatchObject({ action: 'pass', masked: undefined, findings: [leak] })
  })
})

describe('profiles', () => {
  test('several sensors: every finding, the first refusal', async () => {
    const verdict = await request('all', aPost('text/plain', { path: attack }), aBody(`${card} ID-123456`))
    expect(verdict).toMatchObject({ action: 'deny', status: 403, masked: undefined })
    expect(verdict.findings).toEqual(
      expect.arrayContaining(
        [log4j, 'dlp | masking | card | body | card | 41…11', 'dlp | keys | ids | body | ids/1 | I…6'].map((f) =>
          expect.stringContaining(f.slice(0, 20)),
        ),
      ),
    )
  })

  test('an unknown one is waited for, and comes', async () => {
    const waiting = running.begin('late')
    await running.apply(aSet({ ...set, profiles: [...set.profiles, aProfile('late', { waf: [deny('jndi')] })] }))
    const exchange = await waiting
    expect(said(await exchange!.request(aRequest(attack), undefined))).toMatchObject({ action: 'deny' })
    expect(running.profile('late')).toMatchObject({ id: 'late' })
    // Envoys that have not heard of the next set yet still ask for it.
    expect(await running.apply(set)).toEqual([])
    expect(await request('late', aRequest(attack))).toMatchObject({ action: 'deny' })
  })

  test('while a set is compiled, calls are judged by the one before', async () => {
    const list = Array.from({ length: 3000 }, (_, i) => `word${i * 7919}`)
    const next = aSet({
      ...set,
      wafSensors: [...set.wafSensors, aWafSensor('long', { rules: [aSensorRule('r', words(list))] })],
      profiles: [...set.profiles, aProfile('long', { waf: [deny('long')] })],
    })
    let isApplied = false
    const applied = running.apply(next).then((problems) => {
      isApplied = true
      return problems
    })
    let judged = 0
    for (; !isApplied; judged++) expect(await request('jndi', aRequest(attack))).toMatchObject({ action: 'deny' })
    expect(judged).toBeGreaterThan(1)
    expect(await applied).toEqual([])
    expect(await request('long', aRequest('/word7919'))).toMatchObject({ action: 'deny' })
  })

  test('without a Core Rule Set the embedded rules stand in for it, and that is told', async () => {
    const wafSensors = [...set.wafSensors, ...predefinedWafSensors]
    const profiles = [...set.profiles, aProfile('crs', { waf: [deny('crs')] })]
    expect(await running.apply(aSet({ ...set, wafSensors, profiles }))).toEqual([
      { path: 'wafSensors[4].crs.ruleSet', message: expect.stringContaining('no Core Rule Set is configured') },
    ])
    expect(await request('crs', aRequest(attack))).toMatchObject({ action: 'deny' })
  })

  test('a sensor that can not be compiled is told, with its place; the others are in force', async () => {
    const bad = aWafSensor('bad', {
      rules: [aSensorRule('r', regex('a')), aSensorRule('s', regex('a'), regex('a(?=b'))],
    })
    const next = aSet({
      wafSensors: [jndi, bad],
      profiles: [
        aProfile('bad', { waf: [deny('bad')] }),
        aProfile('nowhere', { dlp: [deny('gone')] }),
        aProfile('good', { waf: [deny('jndi')] }),
      ],
    })
    expect(await running.apply(next)).toEqual([
      {
        path: 'wafSensors[1].rules[1].patterns[1].regex',
        message: 'a bracket is not closed (at character 2 of the pattern)',
      },
      { path: 'profiles[1].dlp[0]', message: 'there is no sensor gone' },
    ])
    expect(await request('good', aRequest(attack))).toMatchObject({ action: 'deny' })
    expect(await request('shop', aRequest('/admin'))).toMatchObject({ action: 'deny' })
    await running.apply(set)
  })
})

test('whatever comes is answered', async () => {
  const bytes = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 300,
  })
  const types = fc.constantFrom(
    'application/json',
    'application/xml',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'text/html',
  )
  const encodings = fc.constantFrom('', 'gzip', 'br', 'deflate, gzip', 'nothing')
  const headers = fc
    .tuple(types, encodings, fc.array(fc.tuple(bytes, bytes), { maxLength: 4 }))
    .map(([type, encoding, more]) => [['content-type', type], ['content-encoding', encoding], ...more] as const)
  const message = fc.record({ headers, body: bytes, end: fc.boolean(), pieces: fc.array(bytes, { maxLength: 3 }) })
  const asked = fc.record({
    profile: fc.constantFrom(...set.profiles.map(({ id }) => id)),
    method: bytes,
    path: bytes,
    request: message,
    response: message,
  })
  await fc.assert(
    fc.asyncProperty(asked, async ({ profile, method, path, request: sent, response: got }) => {
      const exchange = await begun(profile)
      const verdicts = [
        await exchange.request(
          aRequest(path, { method, headers: sent.headers }),
          aBody(Buffer.from(sent.body, 'latin1'), sent.end),
        ),
      ]
      if (verdicts[0]!.action === 'pass')
        verdicts.push(
          await exchange.response(
            { status: 200, headers: got.headers },
            aBody(Buffer.from(got.body, 'latin1'), got.end),
          ),
        )
      const streams = verdicts.length === 2 && !got.end
      for (const piece of streams ? got.pieces : []) {
        if (verdicts.at(-1)!.action !== 'pass') break // a refusal is the end of it
        verdicts.push(await exchange.more(Buffer.from(piece, 'latin1'), { end: false, flush: piece.length % 2 === 0 }))
      }
      exchange.drop()
      for (const { action, partial } of verdicts)
        expect([action, action === 'error' ? partial : '']).toEqual([expect.stringMatching(/pass|deny/), ''])
    }),
    { numRuns: 300 },
  )
})
