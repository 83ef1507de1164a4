import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Session, session } from './testdata/session.ts'

let at: Session
beforeEach(async () => {
  at = await session()
})
afterEach(() => at.plane.close())

const sensors = `wafSensors:
  - name: mine
    rules:
      - name: traversal
        patterns: [{regex: '\\.\\./', contexts: [url]}, {regex: ^/docs/, contexts: [url], have: false}]
      - name: words
        patterns: [{words: [select, union], contexts: [body]}]
dlpSensors:
  - name: cards
    rules:
      - {name: card, patterns: [{detector: card}]}
`
const attack = 'GET /a/../../etc/passwd HTTP/1.1\nHost: shop\nContent-Length: 20\n\na card 4111111111111111\n'
const files = { 's.yaml': sensors, 'r.http': attack }
const run = (name: string, more: Readonly<Record<string, string>> = {}, ...argv: readonly string[]) =>
  at.withFiles({ ...files, ...more }, 'sensors', 'test', name, '--request', 'r.http', ...argv)
/** Times are what they are. */
const timeless = (text: string) => text.replace(/ +\d+(\.\d)? (µs|ms)/g, ' T')

describe('postern sensors test', () => {
  test('every pattern of every rule: wanted, found, where', async () => {
    const { code, err, out } = await run('mine', {}, '--file', 's.yaml')
    expect([code, err]).toEqual([0, ''])
    expect(timeless(out).replace(/ {2,}/g, '  ').split('\n')).toEqual([
      'GET /a/../../etc/passwd: matches (traversal)',
      'RULE  PATTERN  WANTED  FOUND  TIME  SAMPLE',
      'traversal  /\\.\\.//  have  url T  ../',
      'traversal  /^/docs//  not have  - T',
      'words  select, union  have  - T',
      '',
    ])
  })

  test('the sensor of the control plane, predefined or one’s own', async () => {
    await at.withFiles(files, 'sensors', 'apply', 's.yaml')
    const own = await run('mine', { 'r.http': attack.replace('/a/', '/docs/') })
    expect(own.out.split('\n')[0]).toBe('GET /docs/../../etc/passwd: does not match')
    const base = await run('base')
    expect(base.out).toMatch(
      /^GET \/a\/\.\.\/\.\.\/etc\/passwd: matches\nThe rule set refuses it with 403: score \d+, /,
    )
    const none = await run('base', { 'r.http': 'GET / HTTP/1.1\nHost: shop\nUser-Agent: x\nAccept: */*\n\n' })
    expect(none.out).toMatch(/^GET \/: does not match\nThe rule set lets it pass: score \d+, [\d.]+ .s\n$/)
  })

  test('data is found, and never shown', async () => {
    const { out } = await run('cards', { 'r.http': attack.replace('20', '23') }, '--file', 's.yaml')
    expect(timeless(out)).toMatch(/card +card +have +body T +41…11 #[0-9a-f]{10}\n/)
    expect(out).not.toContain('4111111111111111')
    expect((await run('cards', {}, '--file', 's.yaml')).out).toMatch(/^GET .*: does not match\n/)
  })

  test('a body that can not be read is told', async () => {
    const request = 'POST / HTTP/1.1\nHost: shop\nContent-Encoding: gzip\n\nno gzip'
    const { out } = await run('mine', { 'r.http': request }, '--file', 's.yaml')
    expect(out.split('\n')[1]).toMatch(/^Not everything was looked at: ./)
  })

  test('many requests, as JSON', async () => {
    const ndjson = '{"uri": "/x"}\n{"uri": "/..%2f", "method": "PUT"}\n{"uri": "/../"}\n'
    const { out } = await run('mine', { 'r.http': ndjson }, '--file', 's.yaml', '-o', 'json')
    expect(
      JSON.parse(out).map(({ name, method, matched }: Record<string, unknown>) => [name, method, matched]),
    ).toEqual([
      ['line 1', 'GET', false],
      ['line 2', 'PUT', true],
      ['line 3', 'GET', true],
    ])
  })

  test('what is wrong has its place', async () => {
    const broken = { 's.yaml': sensors.replace('^/docs/', '"[a"') }
    expect((await run('mine', broken, '--file', 's.yaml')).err).toMatch(
      /^error: rules\[0\]\.patterns\[1\]\.regex: .*\n$/,
    )
    const odd = { 's.yaml': sensors.replace('^/docs/', '""') }
    expect((await run('mine', odd, '--file', 's.yaml')).err).toBe(
      'error: wafSensors[0].rules[0].patterns[1].regex: is empty: it would be found everywhere\n',
    )
    expect((await run('mine', {}, '--file', 's.yaml', '--dlp')).err).toBe(
      'error: s.yaml: there is no sensor mine in it\n',
    )
    expect((await run('mine')).err).toBe('error: There is no sensor mine. postern sensors shows them.\n')
    expect((await run('base', { 'r.http': 'what?' })).err).toMatch(/^error: line 1: must be a request line/)
    expect((await at.withFiles({}, 'sensors', 'test', 'base', '--request', 'x')).err).toBe(
      'error: x: ENOENT: no such file x\n',
    )
  })
})
