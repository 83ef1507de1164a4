import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchesHost, normaliseHost } from '../policy/fqdn.ts'
import { matchesSegments, normalisePath, pathSegments, patternSegments } from '../policy/http-path.ts'
import { hostRegex, pathRegex } from './requests.ts'

const matchesPath = (pattern: string, path: string): boolean =>
  matchesSegments(patternSegments(pattern), pathSegments(path))

/** RE2's syntax in JavaScript's: any byte, and the flag in front. The whole text must match. */
function asJavaScript(regex: string): RegExp {
  const insensitive = regex.startsWith('(?i)')
  return new RegExp(`^(?:${regex.replace('(?i)', '').replaceAll('\\C', '[\\s\\S]')})$`, insensitive ? 'i' : '')
}

const segment = fc.constantFrom('a', 'b', 'api', 'x.y', 'x+y', 'a;p=1', ';', '..', '.', '', 'v1', '(', 'ä')
const pathText = fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`)
const patternSegment = fc.constantFrom('a', 'b', 'api', 'x.y', 'x+y', '{id}', 'v1', '(')
const pattern = fc
  .tuple(fc.array(patternSegment, { maxLength: 4 }), fc.constantFrom('', '/', '/*'))
  .map(([segments, end]) => `${segments.map((one) => `/${one}`).join('')}${end}` || '/')

test('paths: what Envoy is told means what the policy means, with or without a query', () => {
  fc.assert(
    fc.property(pattern, pathText, fc.constantFrom('', '?', '?q=/a/b'), (wanted, raw, query) => {
      const path = normalisePath(raw)
      fc.pre(path !== undefined)
      expect(asJavaScript(pathRegex(wanted)).test(path + query)).toBe(matchesPath(wanted, path))
    }),
    { numRuns: 2_000 },
  )
})

const host = fc
  .tuple(
    fc.constantFrom(
      'example.com',
      'a.example.com',
      'EXAMPLE.com',
      'aexample.com',
      'x.a.example.com',
      '10.0.0.1',
      '[::1]',
    ),
    fc.constantFrom('', '.', '..'),
    fc.constantFrom('', ':', ':80', ':x'),
  )
  .map((parts) => parts.join(''))
const hostPattern = fc.constantFrom('example.com', '*.example.com', 'a.example.com', '10.0.0.1', '[::1]')

test('hosts: any case, any port, one trailing dot, wildcards', () => {
  fc.assert(
    fc.property(hostPattern, host, (wanted, seen) => {
      // a host no client can mean: the two may differ, as long as nothing is allowed by it
      fc.pre(!/:x|\]\./.test(seen))
      expect(asJavaScript(hostRegex(wanted)).test(seen)).toBe(matchesHost(wanted, normaliseHost(seen)))
    }),
    { numRuns: 1_000 },
  )
})
