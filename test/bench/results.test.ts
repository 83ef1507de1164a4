import { expect, test } from 'vitest'
import { merged, type Result, report, textTable } from './results.ts'

const aResult = (over: Partial<Result>): Result => ({
  bench: 'policy',
  name: 'decide()',
  value: 2,
  unit: 'µs',
  peer: null,
  peerValue: null,
  ratio: null,
  gate: null,
  met: null,
  note: null,
  machine: 'two cores',
  date: '2026-01-01T00:00:00.000Z',
  ...over,
})
const gated = aResult({
  bench: 'dataplane',
  name: 'SET: pinned',
  value: 23450.5,
  unit: 'req/s',
  peer: 'plain',
  peerValue: 26000,
  ratio: 0.902,
  gate: 'ratio ≥ 0.95',
  met: false,
  note: 'disturbed',
})

test('a new figure takes the place of the old one of its name; others stay; benches stand in their order', () => {
  const before = [aResult({}), aResult({ name: 'compile' }), aResult({ bench: 'gone' })]
  const fresh = [gated, aResult({ value: 3 })]
  expect(merged(before, fresh, ['policy', 'dataplane'])).toEqual([
    aResult({ name: 'compile' }),
    aResult({ value: 3 }),
    gated,
    aResult({ bench: 'gone' }),
  ])
})

test('a table for the terminal', () => {
  expect(textTable([aResult({}), gated])).toBe(
    [
      'figure       value         compared to    ratio  gate          met  note',
      'decide()     2 µs',
      'SET: pinned  23,450 req/s  plain: 26,000  0.90   ratio ≥ 0.95  NO   disturbed',
    ].join('\n'),
  )
})

test('the report says which gates were missed, and when and where each bench ran', () => {
  const text = report([aResult({}), gated, { ...gated, bench: 'xds', met: null }])
  expect(text).toContain('Gates: 0 of 2 met; missed: dataplane: SET: pinned; not judged: xds: SET: pinned.')
  expect(text).toContain(`
## dataplane

Measured 2026-01-01, two cores.

| figure | value | compared to | ratio | gate | met | note |
| --- | --- | --- | --- | --- | --- | --- |
| SET: pinned | 23,450 req/s | plain: 26,000 | 0.90 | ratio ≥ 0.95 | NO | disturbed |
`)
})
