import { expect, test } from 'vitest'
import { className, logKinds, logName, maxPeerNameLength, parseLogName, peerName } from './names.ts'

test('log names are read as they were written, and nothing else is', () => {
  for (const direction of ['in', 'out'] as const) {
    for (const kind of logKinds) expect(parseLogName(logName(direction, kind))).toEqual({ direction, kind })
  }
  for (const text of ['', 'in', 'in|', 'in|udp', 'up|tcp', 'in|tcp|x', 'tcp|in']) {
    expect([text, parseLogName(text)]).toEqual([text, undefined])
  }
})

test('a peer is called after its groups; long names stay short and apart', () => {
  expect(peerName([])).toBe('#rest')
  expect(peerName(['a', 'b'])).toBe('a+b')
  const long = (last: string) => [...Array.from({ length: 30 }, (_, i) => `group-${i}`), last]
  expect(peerName(long('x'))).not.toBe(peerName(long('y')))
  expect(peerName(long('x')).length).toBeLessThanOrEqual(maxPeerNameLength)
})

test('a class is its learned group, and its custom groups whatever their order', () => {
  expect(className('nv.a.b', [])).toBe('nv.a.b')
  expect(className('nv.a.b', ['x', 'y'])).toBe(className('nv.a.b', ['y', 'x']))
  expect(className('nv.a.b', ['x'])).not.toBe(className('nv.a.b', ['y']))
})
