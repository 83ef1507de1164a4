import { describe, expect, test } from 'vitest'
import { testData } from '../classifier/testdata.ts'
import { createProgram } from './program.ts'
import { quietIo } from './testdata/quiet-io.ts'

async function postern(argv: readonly string[], files: Readonly<Record<string, string>> = {}, env = {}) {
  const quiet = quietIo({ files, env })
  const code = await createProgram(quiet.io).run(argv)
  return { code, out: quiet.output(), err: quiet.errors() }
}
const crs = testData('crs')
if (crs === undefined) console.warn('SKIPPED: CRS is not on this machine: `postern waf` was not tried with it')

describe('waf', () => {
  const attack = JSON.stringify({ uri: '/?q=%24%7Bjndi:ldap://x%7D' })

  test('without a Core Rule Set the rules of Postern judge, and that is said', async () => {
    const { code, out, err } = await postern(['waf', 'eval', '-'], { '-': `${attack}\n{"uri":"/?q=tea"}\n` })
    const [first, second] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^no Core Rule Set is configured .*judge\n$/) })
    expect(first).toMatchObject({ blocked: true, by: { id: 9149010, status: 403 } })
    expect(second).toMatchObject({ ids: [], score: 0, blocked: false })
  })

  test('base is said by name, whatever CRS_DIR says; CRS_DIR is a default', async () => {
    const env = { CRS_DIR: '/nowhere' }
    const base = await postern(['waf', 'eval', '--rules', 'base', '--detection-only'], { '-': attack }, env)
    expect({ ...base, out: JSON.parse(base.out) }).toMatchObject({
      code: 0,
      err: '',
      out: { blocked: false, score: 20 },
    })
    expect(await postern(['waf', 'eval'], { '-': attack }, env)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/\/nowhere/),
    })
  })

  test('rules that are not there', async () => {
    expect(await postern(['waf', 'load', '/nowhere'])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/ENOENT/),
    })
  })

  test.skipIf(!crs)('CRS: loaded whole', async () => {
    const { code, out, err } = await postern(['waf', 'load', crs!])
    expect({ code, out, err }).toEqual({
      code: 0,
      out: expect.stringMatching(/^\d{3} rules with \d{3} conditions\n$/),
      err: '',
    })
  })

  test.skipIf(!crs)('CRS: an attack, a benign request, a line that is none', async () => {
    const attack = {
      uri: '/?id=1%27%20or%201=1--',
      headers: [
        ['Host', 'shop'],
        ['User-Agent', 'test'],
        ['Accept', '*/*'],
      ],
    }
    const input = [attack, { ...attack, uri: '/basket?id=7' }, { methode: 'GET' }]
      .map((line) => JSON.stringify(line))
      .join('\n')
    const { out } = await postern(['waf', 'eval', '--rules', crs!, '-'], { '-': input })
    const [first, second, third] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(first).toMatchObject({
      blocked: true,
      by: { id: 949110, status: 403 },
      ids: expect.arrayContaining([942100, 949110]),
    })
    expect(second).toMatchObject({ ids: [], score: 0, blocked: false, us: expect.any(Number) })
    expect(third).toEqual({ line: 3, problem: expect.stringMatching(/methode/) })
  })
})
