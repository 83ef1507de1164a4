import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anHttp } from '../../test/support/builders.ts'
import { isHostPattern, matchesHost, normaliseHost } from './fqdn.ts'
import { matchesHttp } from './http.ts'
import { isAmbiguous, normalisePath, pathPatternProblem } from './http-path.ts'
import type { HttpMatch, HttpRequest } from './model.ts'
import answers from './testdata/paths.json' with { type: 'json' }

const fits = (match: Partial<HttpMatch>, request: Partial<HttpRequest>): boolean =>
  matchesHttp(anHttp(match), { method: 'GET', path: '/', host: 'h', headers: {}, ...request })
const matchesPath = (pattern: string, path: string): boolean => fits({ paths: [pattern] }, { path })

describe('paths are spelt as Envoy spells them', () => {
  test('every answer of a real Envoy 1.40 is ours', () => {
    const ours = answers.map(([raw]) => [raw, normalisePath(raw!) ?? null])
    expect(ours).toEqual(answers)
  })

  test.each([
    ['//api/../api/x', '/api/x'],
    ['/a/%2e%2e/b', '/b'],
    ['/a/..;x=1/b', '/b'],
    ['/%61pi', '/api'],
    ['/a\\b', '/a/b'],
    ['http://other:8080/a//b?c', '/a/b'],
    ['HTTPS://other', '/'],
    ['/a?b=/../%2f', '/a'],
  ])('%s is %s', (raw, path) => {
    expect(normalisePath(raw)).toBe(path)
  })

  test.each(['', 'a', '*', '/a%2fb', '/a%5Cb', '/a%00', '/a#b', '/a b', '/é', '/a\0'])('%j is refused', (raw) => {
    expect(normalisePath(raw)).toBeUndefined()
  })

  test('normalising twice changes nothing', () => {
    const part = fc.constantFrom(
      '/',
      'a',
      '.',
      '..',
      '%2e',
      '%',
      '2',
      '%41',
      ';',
      '\\',
      '{',
      '%7b',
      '?',
      '//',
      '/./',
      '/../',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 10 }), (parts) => {
        const path = normalisePath(`/${parts.join('')}`)
        fc.pre(path !== undefined)
        // Dots that Envoy overlooks at first it would see at a second look; they are ambiguous, and so allowed nothing.
        if (!isAmbiguous(path)) expect(normalisePath(path)).toBe(path)
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('a path fits', () => {
  test.each<readonly [string, string, boolean]>([
    ['/a', '/a', true],
    ['/a', '/a/', false],
    ['/a', '/A', false],
    ['/a/*', '/a', true],
    ['/a/*', '/a/', true],
    ['/a/*', '/a/b/c', true],
    ['/a/*', '/ab', false],
    ['/*', '/', true],
    ['/*', '/anything/at/all', true],
    ['/votes/{id}', '/votes/7', true],
    ['/votes/{id}', '/votes/', false],
    ['/votes/{id}', '/votes/7/8', false],
    ['/votes/{id}/*', '/votes/7', true],
    ['/votes/{id}/*', '/votes/7/8', true],
    ['/a/b', '/a;x=1/b;y', true],
    ['/a', '/a;/b', false],
    ['/votes/{id}', '/votes/;x', false],
  ])('%s, %s: %s', (pattern, path, expected) => {
    expect(matchesPath(pattern, path)).toBe(expected)
  })

  test.each<readonly [string, string]>([
    ['a', '`a` must begin with /'],
    ['/a/*/b', '`/a/*/b` has a * that is not its last segment'],
    ['/a?b', '`/a?b` has a query, which rules do not see'],
    ['/a;b', '`/a;b` has path parameters, which rules do not look at'],
    ['/a//b', '`/a//b` is never seen like this; requests have `/a/b`'],
    ['/a/../b', '`/a/../b` is never seen like this; requests have `/b`'],
    ['/a%2fb', '`/a%2fb` is no path that a request can have'],
    ['/{a', '`/{a` is never seen like this; requests have `/%7Ba`'],
  ])('%s is no pattern', (pattern, problem) => {
    expect(pathPatternProblem(pattern)).toBe(problem)
  })

  test('a path that a request can have is a pattern that it fits', () => {
    const part = fc.constantFrom('/', 'a', '/b', '.', '%20', '~', '/c-d', ':', '@')
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const path = normalisePath(`/${parts.join('')}`)!
        expect(pathPatternProblem(path)).toBeUndefined()
        expect(matchesPath(path, path)).toBe(true)
      }),
    )
  })
})

describe('a host fits', () => {
  test.each<readonly [string, string, boolean]>([
    ['example.com', 'Example.COM:8080', true],
    ['example.com', 'example.com.', true],
    ['example.com', 'example.com.:80', true],
    ['example.com', 'example.com:', true],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', '.example.com', false],
    ['*.example.com', 'aexample.com', false],
    ['10.0.0.1', '10.0.0.1:80', true],
    ['[::1]', '[::1]:80', true],
  ])('%s, %s: %s', (pattern, host, expected) => {
    expect(fits({ hosts: [pattern] }, { host })).toBe(expected)
  })

  test('one spelling; reading it changes nothing', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('a', 'B.c', '[::1]', '10.0.0.1'),
        fc.constantFrom('', '.', ':80', '.:8', ':'),
        (name, rest) => {
          const host = name + rest
          expect(normaliseHost(normaliseHost(host))).toBe(normaliseHost(host))
        },
      ),
    )
  })

  test('what is a name, and what could be read as an address', () => {
    expect(['a', 'a.b', '*.a.b', 'x_1.a-b', '1.example'].filter(isHostPattern)).toHaveLength(5)
    expect(
      ['', '.', 'a..b', '-a', 'a-', '10.0.0.1', '10.0.0.300', '*', '*.', 'a.*.b', 'a b', 'A'].filter(isHostPattern),
    ).toEqual([])
    expect(matchesHost('*.example.com', 'www.example.com')).toBe(true)
  })
})

describe('an alternative', () => {
  const request: Partial<HttpRequest> = { method: 'GET', path: '/a', host: 'h', headers: { 'x-team': 'red' } }

  test('all its parts must fit, any member of each is enough, none is any', () => {
    expect(fits({}, request)).toBe(true)
    expect(fits({ methods: ['POST', 'GET'], paths: ['/b', '/a'] }, request)).toBe(true)
    expect(fits({ methods: ['POST'], paths: ['/a'] }, request)).toBe(false)
    expect(fits({ methods: ['get'] }, request)).toBe(false)
  })

  test('headers: exact, prefix, present; any of them', () => {
    expect(fits({ headers: [{ name: 'x-team', exact: 'red' }] }, request)).toBe(true)
    expect(fits({ headers: [{ name: 'x-team', exact: 're' }] }, request)).toBe(false)
    expect(fits({ headers: [{ name: 'x-team', prefix: 're' }] }, request)).toBe(true)
    expect(fits({ headers: [{ name: 'x-team', present: true }] }, request)).toBe(true)
    expect(fits({ headers: [{ name: 'x-other', present: true }] }, request)).toBe(false)
    expect(fits({ headers: [{ name: 'constructor', present: true }] }, request)).toBe(false)
    expect(
      fits(
        {
          headers: [
            { name: 'x-other', present: true },
            { name: 'x-team', exact: 'red' },
          ],
        },
        request,
      ),
    ).toBe(true)
  })

  test('gRPC: a method or a whole service, only where it is gRPC', () => {
    const rpc = { ...request, path: '/p.S/M', grpc: 'p.S/M' }
    expect(fits({ grpc: ['p.S/M'] }, rpc)).toBe(true)
    expect(fits({ grpc: ['p.S/*'] }, rpc)).toBe(true)
    expect(fits({ grpc: ['p.S/N', 'p.SS/*', 'p/*'] }, rpc)).toBe(false)
    expect(fits({ grpc: ['p.S/M'] }, { ...request, path: '/p.S/M' })).toBe(false)
  })
})
