import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { httpFromRequests, maxDistinctSegments, maxRequestKinds, mergeRequests } from './evidence.ts'
import { matchesHttp } from './http.ts'

const requests = (paths: readonly string[], method = 'GET') =>
  Object.fromEntries(paths.map((p) => [`${method} ${p}`, 1]))
const many = (n: number, path: (i: number) => string) => Array.from({ length: n }, (_, i) => path(i))

describe('paths become templates', () => {
  test('numbers, UUIDs and hex are parameters; words are not', () => {
    const seen = [
      '/votes/7',
      '/votes/12',
      '/u/0b7e4a3c-93b1-4c3f-8f4e-0a1b2c3d4e5f/x',
      '/commit/c0ffee12',
      '/word/deadbeef',
      '/api;v=1/a',
      '/',
    ]
    expect(mergeRequests({}, requests(seen))).toEqual({
      'GET /votes/{param}': 2,
      'GET /': 1,
      'GET /api/a': 1,
      'GET /commit/{param}': 1,
      'GET /u/{param}/x': 1,
      'GET /word/deadbeef': 1,
    })
  })

  test('a place with more than twenty values is a parameter, with what is below it', () => {
    const users = (n: number) => mergeRequests({}, requests(many(n, (i) => `/users/name-${i}x/profile`)))
    expect(Object.keys(users(maxDistinctSegments))).toHaveLength(maxDistinctSegments)
    expect(users(maxDistinctSegments + 1)).toEqual({ 'GET /users/{param}/profile': maxDistinctSegments + 1 })
  })

  test('the most frequent kinds are kept, the rest is counted', () => {
    const paths = many(15, (i) => `/a${i}x`).flatMap((a) => many(15, (j) => `${a}/b${j}y`))
    const counts = mergeRequests({ 'GET /often': 9, other: 3 }, requests(paths))
    expect(Object.keys(counts)).toHaveLength(maxRequestKinds + 1)
    expect([counts['GET /often'], counts.other]).toEqual([9, 3 + 15 * 15 + 1 - maxRequestKinds])
  })

  test('nothing is lost, nothing grows without bound, and adding nothing changes nothing', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', '7', 'c0ffee12', '{param}', ...many(30, (i) => `n${i}x`)), { maxLength: 3 })
      .map((parts) => `GET /${parts.join('/')}`)
    const counts = fc.dictionary(path, fc.integer({ min: 1, max: 5 }), { maxKeys: 60 })
    const total = (c: Readonly<Record<string, number>>) => Object.values(c).reduce((sum, n) => sum + n, 0)
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        const merged = mergeRequests(a, b)
        expect(total(merged)).toBe(total(a) + total(b))
        expect(Object.keys(merged).length).toBeLessThanOrEqual(maxRequestKinds + 1)
        expect(mergeRequests(merged, {})).toEqual(merged)
      }),
    )
  })
})

describe('evidence becomes the http part of a rule', () => {
  test('one alternative for each set of methods', () => {
    const counts = {
      'GET /api/getvotes': 4,
      'GET /api/{param}': 2,
      'POST /api/{param}': 1,
      'HEAD /api/getvotes': 1,
      other: 7,
    }
    const none = { hosts: [], headers: [], grpc: [] }
    expect(httpFromRequests(counts)).toEqual([
      { methods: ['GET', 'HEAD'], paths: ['/api/getvotes'], ...none },
      { methods: ['GET', 'POST'], paths: ['/api/{param}'], ...none },
    ])
  })

  test('a path that a client made look like a pattern allows nothing more', () => {
    const http = httpFromRequests(mergeRequests({}, { 'GET /a/*': 1, 'GET /%7Bx%7D': 1, 'GET /b': 1 }))
    const allowed = (path: string) => http.some((m) => matchesHttp(m, { method: 'GET', path, host: 'h', headers: {} }))
    expect(['/a/b', '/a/*', '/x', '/b', '/%7Bx%7D'].map(allowed)).toEqual([false, false, false, true, true])
  })
})
