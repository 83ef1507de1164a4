import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testData } from '../../classifier/testdata.ts'
import { createEngine } from '../../classifier/waf/engine/evaluate.ts'
import { anEngine } from '../../classifier/waf/testdata/builders.ts'
import { startAlbedo } from './albedo-server.ts'
import { exchange } from './exchange.ts'
import { readIgnored } from './ignored.ts'
import { loadUnderTest } from './regression.ts'
import { replay } from './replay.ts'
import { readSuite, type Stage, type StageInput, type StageOutput } from './suite.ts'
import { EngineServer } from './testdata/engine-server.ts'
import { wireOf } from './wire.ts'

const host = { Host: 'shop' }
const stage = (name: string, input: StageInput, output: StageOutput): Stage => ({
  name,
  description: '',
  input: { headers: host, ...input },
  output,
})
const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64')
const rules = `
SecRule ARGS "@contains attack" "id:100001,phase:2,pass,msg:'It is %{MATCHED_VAR}',logdata:'x'"
SecRule REQUEST_HEADERS:X-Raw "@streq a  b" "id:100002,phase:1,pass"
SecRule REQUEST_METHOD "@streq TRACE" "id:100003,phase:1,deny,status:405"
SecRule RESPONSE_BODY "@contains secret" "id:100004,phase:4,pass"
SecRule REQUEST_HEADERS_NAMES "@streq x-crs-stage" "id:100005,phase:1,pass"`

describe('a replay', () => {
  let server: EngineServer
  beforeAll(async () => {
    server = await new EngineServer(anEngine(rules)).listen()
  })
  afterAll(() => server[Symbol.asyncDispose]())
  const problems = async (stages: readonly Stage[], ignored: readonly string[] = []) => {
    const { connect, decisionsOf } = server
    const reasons = new Map(ignored.map((name) => [name, 'for this test']))
    const report = await replay({ stages, connect, decisionsOf, ignored: reasons, timeoutMs: 2000 })
    const told = (list: typeof report.failures) => list.map(({ stage, problems }) => `${stage}: ${problems.join('; ')}`)
    return { failures: told(report.failures), ignored: told(report.ignored), needless: report.needlesslyIgnored }
  }
  const clean = { failures: [], ignored: [], needless: [] }

  test.each<[string, StageInput, StageOutput]>([
    ['a rule that matches', { uri: '/?q=attack' }, { log: { expect_ids: [100001] } }],
    ['one that does not', { uri: '/?q=tea' }, { log: { no_expect_ids: [100001] } }],
    [
      'its line in the log',
      { uri: '/?q=attack' },
      { log: { match_regex: 'id "100001".*It is attack', no_match_regex: 'tea' } },
    ],
    [
      'a form that is encoded on the way',
      { method: 'POST', uri: '/post', data: 'q=an attack;' },
      { log: { expect_ids: [100001] } },
    ],
    [
      'a request of raw bytes',
      { encoded_request: base64('GET / HTTP/1.1\r\nHost: shop\r\nX-Raw: a  b\r\nConnection: close\r\n\r\n') },
      { log: { expect_ids: [100002] } },
    ],
    ['a status', { method: 'TRACE' }, { status: 405, log: { expect_ids: [100003] } }],
    [
      'an answer that is told',
      {
        method: 'POST',
        uri: '/reflect',
        headers: { ...host, 'Content-Type': 'application/json' },
        data: '{"status":202,"body":"a secret"}',
      },
      { status: 202, log: { expect_ids: [100004] } },
    ],
    ['a method without an answer body', { method: 'HEAD', autocomplete_headers: false }, { status: 200 }],
    ['a request that is refused before any rule', { encoded_request: base64('GET\r\n\r\n') }, { status: 400 }],
    [
      'an error, as expected',
      { method: 'POST', autocomplete_headers: false, headers: { ...host, 'Content-Length': '9' }, data: 'q=1' },
      { expect_error: true },
    ],
    ['the header of the replay, which no rule sees', {}, { log: { no_expect_ids: [100005] } }],
  ])('%s', async (_, input, output) => expect(await problems([stage('942100-1', input, output)])).toEqual(clean))

  test('what is not as it should be is told, in order; what may fail, apart; what need not, too', async () => {
    const wrong = (name: string) =>
      stage(name, { uri: '/?q=attack' }, { status: 418, log: { expect_ids: [7], no_expect_ids: [100001] } })
    const right = stage('942100-2', { uri: '/?q=tea' }, { status: 200 })
    expect(
      await problems(
        [wrong('942100-10'), wrong('942100-9'), right, wrong('942100-3/2')],
        ['942100-3/2', '942100-2', '999999-1'],
      ),
    ).toEqual({
      failures: ['942100-9', '942100-10'].map(
        (name) => `${name}: answered 200 instead of 418; 7 did not match; 100001 matched`,
      ),
      ignored: ['942100-3/2: answered 200 instead of 418; 7 did not match; 100001 matched'],
      needless: ['942100-2', '999999-1'],
    })
  })

  test('an answer where an error was expected', async () => {
    const answered = stage('942100-1', {}, { expect_error: true })
    expect((await problems([answered])).failures).toEqual(['942100-1: answered 200, where an error was expected'])
  })

  test('a request that was never judged has no ids: only what must not match is content', async () => {
    const input = { encoded_request: base64('GET\r\n\r\n') }
    expect(
      await problems([
        stage('1-1', input, { log: { no_expect_ids: [100001] } }),
        stage('1-2', input, { log: { expect_ids: [100001] } }),
      ]),
    ).toEqual({
      ...clean,
      failures: ['1-2: 100001 did not match'],
    })
  })

  const crs = testData('crs')
  if (crs === undefined)
    console.warn('SKIPPED: CRS is not on this machine: its regression was not replayed over sockets')
  test.skipIf(crs === undefined)("each fiftieth stage of CRS's own, over sockets", async () => {
    await using judging = await new EngineServer(createEngine(loadUnderTest(crs!))).listen()
    const { connect, decisionsOf } = judging
    const stages = readSuite(crs!).filter((_, index) => index % 50 === 0)
    const report = await replay({ stages, connect, decisionsOf, ignored: new Map() })
    const told = report.failures.map(({ stage, problems }) => `${stage}: ${problems.join('; ').slice(0, 200)}`)
    console.log(`replayed ${stages.length - told.length}/${stages.length}`)
    expect(told.length, told.join('\n')).toBeLessThan(stages.length / 20)
  })
})

test('the header goes behind the request line, and nothing else of raw bytes changes', () => {
  const raw = 'POST /x HTTP/1.1\nHost: a\nX: \xff\n\nbody\r\n'
  expect(wireOf({ encoded_request: base64(raw) }, '7').toString('latin1')).toBe(raw.replace('\n', '\nx-crs-stage: 7\n'))
  expect(wireOf({ encoded_request: base64('GET /\r\n') }, '7').toString('latin1')).toBe('GET /\r\n')
})

test('the backend by itself', async () => {
  const backend = await startAlbedo()
  const ask = (request: string) => exchange(connect(backend.port, '127.0.0.1'), Buffer.from(request), 100_000)
  const told = JSON.stringify({ status: 503, body: 'x', headers: { 'X-A': 'b' } })
  try {
    expect([
      await ask('GET /status/200 HTTP/1.1\r\nHost: a\r\n\r\n'),
      await ask(`POST /reflect HTTP/1.1\r\nHost: a\r\nContent-Length: ${told.length}\r\n\r\n${told}`),
      await ask(`POST /post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`),
      await ask(`HEAD /reflect HTTP/1.1\r\nHost: a\r\nContent-Length: ${told.length}\r\n\r\n${told}`),
    ]).toEqual([200, 503, 200, 503].map((status) => ({ kind: 'answered', status })))
  } finally {
    await backend.close()
  }
})

describe('the list of ignored stages', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-ignored-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const read = (text: string) => {
    const file = join(folder, 'ignored.yaml')
    writeFileSync(file, text)
    return readIgnored(file)
  }

  test('each stage has its reason', () => {
    const text =
      '- stages: [920100-4, 942100-3/2]\n  reason: Envoy refuses it itself\n- stages: [911100-5]\n  reason: Envoy knows no such method\n'
    expect([...read(text)]).toEqual([
      ['920100-4', 'Envoy refuses it itself'],
      ['942100-3/2', 'Envoy refuses it itself'],
      ['911100-5', 'Envoy knows no such method'],
    ])
    expect([...read('# nothing\n')]).toEqual([])
  })

  test.each([
    ['- stages: [920100-4]', /reason/],
    ['- stages: [920100-4]\n  reason: no', /reason/],
    ['- stages: [all]\n  reason: Envoy refuses it itself', /stages/],
    ['- stages: [920100-4, 920100-4]\n  reason: Envoy refuses it itself', /920100-4 stands there twice/],
  ])('%s is refused', (text, problem) => expect(() => read(text)).toThrow(problem))
})
