import { describe, expect, test } from 'vitest'
import { maxBodyItems } from '../body/limits.ts'
import { maxHeaders, maxLineBytes, maxResponseBytes, mostRequestBytes, standardRequestBytes } from '../limits.ts'
import { aForm, anEngine, aRequest } from '../testdata/builders.ts'

const rules = `
SecRule ARGS|REQUEST_HEADERS|REQUEST_URI|REQUEST_COOKIES "@contains attack" "id:1,phase:2"
SecRule INBOUND_DATA_ERROR "@eq 1" "id:2,phase:2"
SecRule RESPONSE_BODY "@contains attack" "id:3,phase:4"
SecRule OUTBOUND_DATA_ERROR "@eq 1" "id:4,phase:4"`
const engine = anEngine(rules)
const filled = (length: number, end = ''): string => 'x'.repeat(length) + end

describe('what lies past a bound is not looked at, and is told', () => {
  test('of a body', () => {
    const at = (length: number) => engine.evaluate(aForm(`a=${filled(length - 8)}attack`))
    expect(at(standardRequestBytes)).toMatchObject({ ids: [1], partial: undefined })
    expect(at(standardRequestBytes + 1)).toMatchObject({
      ids: [2],
      partial: `the first ${standardRequestBytes} of ${standardRequestBytes + 1} bytes of the request body`,
    })
  })

  test('a caller may look at more or at less of it', () => {
    const body = aForm(`a=${filled(1000)}attack`)
    expect(anEngine(rules, { requestBytes: 1000 }).evaluate(body).ids).toEqual([2])
    const large = aForm(`a=${filled(mostRequestBytes - 8)}attack`)
    expect(anEngine(rules, { requestBytes: mostRequestBytes }).evaluate(large).ids).toEqual([1])
    expect(() => anEngine(rules, { requestBytes: mostRequestBytes + 1 })).toThrow(RangeError)
  })

  test('files do not count', () => {
    const disposition = 'Content-Disposition: form-data; name'
    const file = `--B\r\n${disposition}="f"; filename="f"\r\n\r\n${filled(2 * standardRequestBytes)}\r\n`
    const request = aRequest({
      method: 'POST',
      headers: [['Content-Type', 'multipart/form-data; boundary=B']],
      body: `${file}--B\r\n${disposition}="a"\r\n\r\nan attack\r\n--B--\r\n`,
    })
    expect(engine.evaluate(request)).toMatchObject({ ids: [1], partial: undefined })
  })

  test('names that repeat the path of JSON count', () => {
    const body = JSON.stringify({ [filled(2000)]: Array.from({ length: 1000 }, () => 0), last: 'attack' })
    const json = aRequest({ method: 'POST', headers: [['Content-Type', 'application/json']], body })
    expect(engine.evaluate(json)).toMatchObject({
      ids: [2],
      partial: expect.stringMatching(/^the first \d+ of 1002 arg/),
    })
  })

  test.each([
    [
      'arguments of a query',
      { uri: `/?${'a=1&'.repeat(maxBodyItems)}b=attack` },
      `the first ${maxBodyItems} arguments`,
    ],
    [
      'cookies',
      { headers: [['Cookie', `${'a=1;'.repeat(maxBodyItems)}b=attac`]] },
      `the first ${maxBodyItems} cookies`,
    ],
    [
      'headers',
      { headers: [...Array.from({ length: maxHeaders }, () => ['x', 'y'] as const), ['z', 'attack']] },
      `the first ${maxHeaders} of ${maxHeaders + 1} headers`,
    ],
    ['a header', { headers: [['x', filled(maxLineBytes, 'attack')]] }, `the first ${maxLineBytes} bytes of a header`],
    [
      'the URI',
      { uri: `/${filled(maxLineBytes, 'attack')}` },
      `the first ${maxLineBytes} of ${maxLineBytes + 7} bytes of the URI`,
    ],
  ] as const)('%s', (_, request, partial) => {
    const { matches, partial: said } = engine.evaluate(aRequest(request))
    expect([matches.filter(({ variable }) => !/^REQUEST_(?:URI|HEADERS:Cookie)/.test(variable)), said]).toEqual([
      [],
      partial,
    ])
  })

  test('of a response', () => {
    const page = (body: string) => ({ status: 200, headers: [['Content-Type', 'text/html']] as const, body })
    expect(engine.evaluate(aRequest(), page(filled(maxResponseBytes, 'attack')))).toMatchObject({
      ids: [4],
      partial: `the first ${maxResponseBytes} of ${maxResponseBytes + 6} bytes of the response body`,
    })
  })
})
