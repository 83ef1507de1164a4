import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkSensor } from '../classifier/inspection/check.ts'
import { aGroup } from '../test/support/builders.ts'
import type { Said } from '../xds-server/api/testdata/harness.ts'
import { predefinedWafSensors } from '../xds-server/policy/sensor.ts'
import { type Session, session } from './testdata/session.ts'

let at: Session
const start = async (said: Said = {}) => {
  at = await session(said)
}
beforeEach(() => start())
afterEach(() => at.plane.close())
const restart = async (said: Said) => {
  await at.plane.close()
  await start(said)
}

const done = { code: 0, err: '' }
const names = (part: 'wafSensors' | 'dlpSensors') => at.plane.store.read(part).value.map(({ name }) => name)
const inspections = () => at.plane.store.read('inspections').value
const apply = (yaml: string, ...more: readonly string[]) =>
  at.withFiles({ 'f.yaml': yaml }, 'sensors', 'apply', 'f.yaml', ...more)

const checkout = `wafSensors:
  - name: checkout
    comment: coupons
    rules:
      - name: long
        patterns:
          - contexts:
              - url
            regex: coupon=.{64} and more than would fit on a line of eighty characters, as regexes often are
`

describe('the list', () => {
  test('has what is predefined and what people made, with the groups that have it', async () => {
    await apply(`${checkout}inspections: [{group: nv.ui.yelb, waf: [{sensor: checkout}, {sensor: crs}]}]`)
    const { out, ...rest } = await at.postern('sensors', '--waf')
    expect(rest).toMatchObject(done)
    expect(out).toBe(
      [
        'NAME      KIND  LOOKS FOR          GROUPS      MADE BY  COMMENT',
        'base      WAF   base (paranoia 1)              Postern  Postern’s own rules: injections, traversal, log4shell, scanners …',
        'crs       WAF   crs (paranoia 1)   nv.ui.yelb  Postern  OWASP Core Rule Set, paranoia level 1',
        'checkout  WAF   1 rule             nv.ui.yelb  you      coupons',
        '',
      ].join('\n'),
    )
    expect((await at.postern('sensors', 'list', '--dlp')).out).toMatch(/^NAME +KIND.*\ncreditcard +DLP +1 rule/)
  })

  test('one is shown as apply takes it', async () => {
    await apply(checkout)
    expect((await at.postern('sensors', 'show', 'checkout')).out).toBe(checkout)
    const { out } = await at.postern('sensors', 'show', 'ssn', '-o', 'json')
    expect(JSON.parse(out).dlpSensors[0].rules.map(({ name }: { name: string }) => name)).toEqual(['ssn', 'itin'])
    expect(await at.postern('sensors', 'show', 'nobody')).toMatchObject({
      code: 1,
      err: 'error: There is no sensor nobody. postern sensors shows them.\n',
    })
  })
})

describe('sensors of one’s own', () => {
  test('are copied from others, changed by a file, and deleted', async () => {
    expect(await at.postern('sensors', 'copy', 'crs', 'mine')).toMatchObject({ ...done, out: 'mine\n' })
    expect(await at.postern('sensors', 'copy', 'secrets', 'ours')).toMatchObject(done)
    expect([names('wafSensors'), names('dlpSensors')]).toEqual([['mine'], ['ours']])
    const shown = (await at.postern('sensors', 'show', 'mine')).out
    expect(shown).toBe('wafSensors:\n  - name: mine\n    comment: Copy of crs\n    crs: {}\n')
    expect(await apply(shown.replace('{}', '{paranoia: 3}'))).toMatchObject({
      ...done,
      out: 'Changed:\n  ~ WAF sensor mine crs.paranoia: 1 → 3\n',
    })
    expect(await at.postern('sensors', 'delete', 'mine')).toMatchObject({ ...done, out: 'deleted mine\n' })
    expect(names('wafSensors')).toEqual([])
    expect(await at.postern('sensors', 'delete', 'crs')).toMatchObject({
      code: 1,
      err: 'error: params.name: crs is predefined: it stays\n',
    })
    expect(
      (await at.postern('history', 'list', 'wafSensors')).out.split('\n').map((l) => l.split(/ {2,}/).at(-1)),
    ).toEqual(['WHAT', 'without WAF sensor mine', 'import', 'WAF sensor mine', 'first start', ''])
  })

  test('whoever has a name twice is asked which', async () => {
    await at.postern('sensors', 'copy', 'crs', 'both')
    await at.postern('sensors', 'copy', 'ssn', 'both')
    expect(await at.postern('sensors', 'delete', 'both')).toMatchObject({
      code: 1,
      err: 'error: There is a WAF and a DLP sensor both: say --waf or --dlp.\n',
    })
    expect(await at.postern('sensors', 'delete', 'both', '--dlp')).toMatchObject(done)
    expect([names('wafSensors'), names('dlpSensors')]).toEqual([['both'], []])
  })

  test('a file leaves alone what it does not name, and changes nothing in a dry run', async () => {
    await at.postern('sensors', 'copy', 'crs', 'other')
    expect((await apply(checkout, '--dry-run')).out).toMatch(/^Would change:\n {2}\+ WAF sensor checkout: \{"name"/)
    expect(names('wafSensors')).toEqual(['other'])
    await apply(checkout)
    expect(names('wafSensors')).toEqual(['checkout', 'other'])
    expect((await apply(checkout)).out).toBe('Changed:\n  nothing\n')
  })

  test('what is wrong has its place in the file, whatever else is there', async () => {
    await at.postern('sensors', 'copy', 'crs', 'aaa')
    expect(
      await apply('wafSensors: [{name: good, crs: {}}, {name: zzz, rules: [{name: r, patterns: [{}]}]}]'),
    ).toMatchObject({ code: 1, err: 'error: wafSensors[1].rules[0].patterns[0]: must have one of regex, words\n' })
    expect((await apply('rules: []')).err).toBe(
      'error: f.yaml: rules does not belong here (wafSensors, dlpSensors, inspections); postern import takes policies\n',
    )
    expect((await apply('wafSensors: {name: a}')).err).toBe('error: wafSensors: must be a list\n')
    expect((await apply('dlpSensors: [null]')).err).toBe('error: dlpSensors[0]: must be an object, not nothing\n')
    expect(names('wafSensors')).toEqual(['aaa'])
  })

  test('a pattern that does not compile is refused with the place in it', async () => {
    await restart({ checkSensor })
    const { code, err } = await apply(checkout.replace('.{64}', '[a-'))
    expect(code).toBe(1)
    expect(err).toMatch(
      /^error: wafSensors\[0\]\.rules\[0\]\.patterns\[0\]\.regex: .*\(at character \d+ of the pattern\)\n$/,
    )
    expect(names('wafSensors')).toEqual([])
  })

  test('somebody else’s edit in between stays; with --revision it is shown', async () => {
    const theirs = { ...predefinedWafSensors[0]!, name: 'theirs' }
    at.plane.beforeWrite(() => {
      at.plane.store.write({
        document: 'wafSensors',
        value: [theirs],
        base: 1,
        author: 'x',
        summary: '',
      })
    })
    const yaml = 'wafSensors: [{name: ours, crs: {}}]'
    expect(await apply(yaml)).toMatchObject(done)
    expect(names('wafSensors')).toEqual(['ours', 'theirs'])
    expect((await apply('wafSensors: []', '--revision', '1.1.1.1.2.1.1')).err).toMatch(
      /^error: Somebody else saved first/,
    )
  })
})

describe('bindings', () => {
  test('a group gets sensors, other actions, and loses them one by one', async () => {
    const bind = (...argv: readonly string[]) => at.postern('sensors', 'bind', 'nv.ui.yelb', ...argv)
    expect(await bind('crs', '--action', 'deny')).toMatchObject({ ...done, out: 'nv.ui.yelb: WAF sensor crs, deny\n' })
    expect(await bind('ssn', '--on-failure', 'failOpen')).toMatchObject({
      ...done,
      out: 'nv.ui.yelb: DLP sensor ssn, allow\n',
    })
    expect(await bind('crs')).toMatchObject(done)
    expect(inspections()).toEqual([
      {
        group: 'nv.ui.yelb',
        waf: [{ sensor: 'crs', action: 'allow' }],
        dlp: [{ sensor: 'ssn', action: 'allow' }],
        onFailure: 'failOpen',
      },
    ])
    expect((await at.postern('sensors', 'bindings')).out).toBe(
      [
        'GROUP       SENSOR  KIND  ACTION  ON FAILURE',
        'nv.ui.yelb  crs     WAF   allow   failOpen',
        'nv.ui.yelb  ssn     DLP   allow   failOpen',
        '',
      ].join('\n'),
    )
    expect((await at.postern('groups', 'get', 'nv.ui.yelb')).out).toContain(
      '\nsensors: WAF crs (allow), DLP ssn (allow); failOpen\n',
    )
    expect(await at.postern('sensors', 'delete', 'crs')).toMatchObject({ code: 1 })
    expect(await at.postern('sensors', 'unbind', 'nv.ui.yelb', 'crs')).toMatchObject({
      ...done,
      out: 'nv.ui.yelb: without crs\n',
    })
    expect(inspections()[0]?.waf).toEqual([])
    await at.postern('sensors', 'unbind', 'nv.ui.yelb', 'ssn')
    expect(inspections()).toEqual([])
    expect(await at.postern('sensors', 'unbind', 'nv.ui.yelb', 'ssn')).toMatchObject({
      code: 1,
      err: 'error: nv.ui.yelb does not have ssn.\n',
    })
  })

  test('are part of why', async () => {
    await at.postern('sensors', 'bind', 'nv.appserver.yelb', 'crs', '--action', 'deny')
    const { out } = await at.postern('why', 'ui', 'appserver', '80', '--app', 'http')
    expect(out).toContain('  inspected    WAF crs (deny)\n')
  })

  test('to what is no group of workloads are refused', async () => {
    await restart({ policy: { groups: [aGroup('lb', { addresses: ['192.0.2.1'] })] } })
    expect(await at.postern('sensors', 'bind', 'lb', 'crs')).toMatchObject({
      code: 1,
      err: 'error: inspection.group: `lb` is no group of workloads\n',
    })
  })

  test('somebody else’s binding in between stays', async () => {
    const theirs = {
      group: 'nv.ui.yelb',
      waf: [{ sensor: 'base', action: 'deny' as const }],
      dlp: [],
      onFailure: 'failOpen' as const,
    }
    at.plane.beforeWrite(() => {
      at.plane.store.write({ document: 'inspections', value: [theirs], base: 1, author: 'x', summary: '' })
    })
    expect(await at.postern('sensors', 'bind', 'nv.ui.yelb', 'crs')).toMatchObject(done)
    expect(inspections()).toEqual([{ ...theirs, waf: [...theirs.waf, { sensor: 'crs', action: 'allow' }] }])
  })
})

test('whole policies have sensors, and diff shows them', async () => {
  await apply(`${checkout}inspections: [{group: nv.ui.yelb, waf: [{sensor: checkout}]}]`)
  const { out } = await at.postern('export')
  expect(out).toContain(checkout)
  await restart({})
  const diff = await at.withFiles({ 'p.yaml': out }, 'diff', 'p.yaml')
  expect(diff.out.split('\n').slice(0, 3)).toEqual([
    'Changes:',
    '  + WAF sensor checkout: {"name":"checkout","comment":"coupons","rules":[{"name":"long","patterns":[{"contexts":["url"],"regex":"coupon=.{64} and more than would fit on a line of eighty characters, as regexes often are"}]}]}',
    '  + inspection of nv.ui.yelb: {"group":"nv.ui.yelb","waf":[{"sensor":"checkout","action":"allow"}],"dlp":[],"onFailure":"failClosed"}',
  ])
  expect(await at.withFiles({ 'p.yaml': out }, 'import', 'p.yaml')).toMatchObject(done)
  expect((await at.postern('export')).out).toBe(out)
})

test('a value of megabytes does not fill the screen', async () => {
  const hashes = Array.from({ length: 1_000 }, (_, i) => i.toString(16).padStart(32, '0'))
  const sensor = { name: 'exact', rules: [{ name: 'r', patterns: [{ salt: 'AAAA', hashes, lengths: [7] }] }] }
  const { out } = await apply(JSON.stringify({ dlpSensors: [sensor] }))
  expect(out).toMatch(/… \(\d+ characters\)\n$/)
  expect(out.length).toBeLessThan(2_200)
})
