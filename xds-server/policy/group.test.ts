import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aWorkload } from '../../test/support/builders.ts'
import { learnedGroup, matchesGlob, membershipOf, namespaceOf } from './group.ts'
import type { Criterion, Workload } from './model.ts'
import { parseGroup } from './parse-group.ts'
import { isMember } from './testdata/naive.ts'
import { criterion, world } from './testdata/worlds.ts'

/** Is the workload in a group with these criteria, written as people write them? */
function inside(written: readonly string[], over: Partial<Workload> = {}, namespaceLabels = {}): boolean {
  const group = parseGroup({ name: 'g', criteria: written })
  if (!group.ok || group.value.kind !== 'custom') throw new Error(JSON.stringify(group))
  return membershipOf(group.value)({ workload: aWorkload('ui', over), namespaceLabels })
}

describe('criteria', () => {
  test.each<readonly [string, boolean]>([
    ['namespace=yelb', true],
    ['namespace=yel', false],
    ['namespace=ye*', true],
    ['namespace=y??b', true],
    ['namespace!=cattle-*', true],
    ['namespace!=y*', false],
    ['image@ui:', true],
    ['image^example/', true],
    ['service~^u[hi]$', true],
    ['service!~^u[hi]$', false],
    ['workload=ui', true],
    ['node=node-1', true],
    ['serviceAccount=default', true],
    ['label.app=ui', false],
    ['label.app!=ui', true],
    ['label.app!~u', true],
    ['label.app=*', false],
    ['nsLabel.team=red', true],
    ['label.constructor=*', false],
  ])('%s: %s', (written, expected) => {
    expect(inside([written], {}, { team: 'red' })).toBe(expected)
  })

  test('one key twice: any is enough if one is positive, all must hold if none is', () => {
    expect(inside(['namespace=a', 'namespace=yelb'])).toBe(true)
    expect(inside(['namespace=a', 'namespace!=b'])).toBe(true)
    expect(inside(['namespace!=a', 'namespace!=yelb'])).toBe(false)
    expect(inside(['namespace!=a', 'namespace!=b'])).toBe(true)
  })

  test('different keys, different labels too: all must hold', () => {
    expect(inside(['namespace=yelb', 'service=db'])).toBe(false)
    expect(inside(['label.a=1', 'label.b=1'], { labels: { a: '1' } })).toBe(false)
    expect(inside(['label.a=1', 'label.b=1'], { labels: { a: '1', b: '1' } })).toBe(true)
  })

  test('no criteria, no members; a broken pattern, no members', () => {
    expect(inside([])).toBe(false)
    const broken: Criterion = { key: 'namespace', op: '!~', value: '(' }
    expect(membershipOf({ criteria: [broken] })({ workload: aWorkload('ui'), namespaceLabels: {} })).toBe(false)
  })

  test('are what a naive look says', () => {
    fc.assert(
      fc.property(world, fc.array(criterion, { maxLength: 4 }), (anyWorld, criteria) => {
        const isIn = membershipOf({ criteria })
        const { workloads, namespaces } = anyWorld.inventory
        const naive = workloads.filter((w) => isMember(criteria, w, anyWorld))
        const labelsOf = (w: Workload) => namespaces.find((n) => n.name === w.namespace)?.labels ?? {}
        expect(workloads.filter((workload) => isIn({ workload, namespaceLabels: labelsOf(workload) }))).toEqual(naive)
      }),
      { numRuns: 1_000 },
    )
  })
})

test('globs are what a regular expression says', () => {
  const part = fc.constantFrom('a', 'b', '*', '?', '**')
  fc.assert(
    fc.property(fc.array(part), fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }), (parts, text) => {
      const glob = parts.join('')
      const regex = new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`)
      expect({ glob, text, matches: matchesGlob(glob, text) }).toEqual({ glob, text, matches: regex.test(text) })
    }),
    { numRuns: 1_000 },
  )
})

test('a learned group is called by its owner and namespace, and owners may have dots', () => {
  expect(learnedGroup(aWorkload('x', { owner: { kind: 'StatefulSet', name: 'my.db' }, namespace: 'prod' }))).toBe(
    'nv.my.db.prod',
  )
  expect(namespaceOf('nv.my.db.prod')).toBe('prod')
  expect([namespaceOf('nv.db'), namespaceOf('web.db.prod'), namespaceOf('any')]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})
