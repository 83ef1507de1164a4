import { Metadata } from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import { bearerToken, parseTokens, type TokenTable, tokenLine, tokenVerifier } from './verifier.ts'

const tokens = (text: string): TokenTable => {
  const parsed = parseTokens(text)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.value
}
const file = `# made by the lab\n${tokenLine('ui', 'token-of-ui')}\n\n${tokenLine('db', 'token-of-db')}\n`

describe('a token', () => {
  const verifier = tokenVerifier(() => tokens(file))
  test.each([
    ['token-of-ui', 'ui', { ok: true, workload: 'ui' }],
    ['token-of-db', 'ui', { ok: false, refusal: 'forbidden', reason: 'the token is of another workload' }],
    ['token-of-db', 'nobody', { ok: false, refusal: 'forbidden', reason: 'the token is of another workload' }],
    ['guess', 'ui', { ok: false, refusal: 'unknown', reason: 'unknown token' }],
    [undefined, 'ui', { ok: false, refusal: 'unknown', reason: 'no bearer token' }],
  ])('%s as %s', async (token, nodeId, expected) => {
    expect(await verifier.verify(token, nodeId)).toEqual(expected)
  })

  test('of a file that was re-read counts at once', async () => {
    let table = tokens(file)
    const current = tokenVerifier(() => table)
    table = tokens(tokenLine('ui', 'new'))
    expect(await current.verify('new', 'ui')).toEqual({ ok: true, workload: 'ui' })
    expect(await current.verify('token-of-ui', 'ui')).toMatchObject({ refusal: 'unknown' })
  })
})

test('every bad line of a token file is reported', () => {
  const good = tokenLine('ui', 'x')
  expect(parseTokens(`${good}\nui\n${good}\nui ${'A'.repeat(64)}`)).toEqual({
    ok: false,
    problems: [
      { path: 'line 2', message: 'must be `<workload id> <sha256 in hex>`' },
      { path: 'line 3', message: 'ui has a token already' },
      { path: 'line 4', message: 'must be `<workload id> <sha256 in hex>`' },
    ],
  })
})

test('bearer tokens are read from the authorization metadata', () => {
  const token = (...values: string[]) => {
    const metadata = new Metadata()
    for (const value of values) metadata.add('authorization', value)
    return bearerToken(metadata)
  }
  expect(token('Bearer abc')).toBe('abc')
  expect(token('bearer a.b_c-d=')).toBe('a.b_c-d=')
  expect(token()).toBeUndefined()
  expect(token('abc')).toBeUndefined()
  expect(token('Bearer a b')).toBeUndefined()
  expect(token('Bearer abc', 'Bearer def')).toBeUndefined()
  expect(token(`Bearer ${'a'.repeat(9000)}`)).toBeUndefined()
})
