import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aRule } from '../../test/support/builders.ts'
import type { Position } from './edit.ts'
import { insertRule, moveRule, removeRule, replaceRule } from './edit.ts'
import type { Parsed, Rule } from './model.ts'

/** `f…` is federated. */
const aRuleCalled = (id: string): Rule => aRule('any', 'any', { id, origin: id.startsWith('f') ? 'federated' : 'user' })
const list = 'f1 f2 a b c'.split(' ').map(aRuleCalled)

/** Ids in order, or the problem. */
function told(result: Parsed<readonly Rule[]>): string {
  return result.ok
    ? result.value.map((r) => r.id).join(' ')
    : result.problems.map((p) => `${p.path}: ${p.message}`).join()
}

describe('inserting', () => {
  test.each<readonly [string, Position, string]>([
    ['x', 'top', 'f1 f2 x a b c'],
    ['x', 'end', 'f1 f2 a b c x'],
    ['x', { below: 'a' }, 'f1 f2 a x b c'],
    ['x', { above: 'a' }, 'f1 f2 x a b c'],
    ['x', { below: 'f2' }, 'f1 f2 x a b c'],
    ['x', { below: 'f1' }, 'position: federated rules stand above all others'],
    ['x', { above: 'z' }, 'position: there is no rule `z`'],
    ['a', 'top', 'id: there is a rule `a` already'],
    ['f3', 'top', 'f3 f1 f2 a b c'],
    ['f3', 'end', 'f1 f2 f3 a b c'],
    ['f3', { below: 'b' }, 'position: federated rules stand above all others'],
  ])('%s at %j: %s', (id, position, expected) => {
    expect(told(insertRule(list, aRuleCalled(id), position))).toBe(expected)
  })
})

describe('moving', () => {
  test.each<readonly [string, Position, string]>([
    ['c', 'top', 'f1 f2 c a b'],
    ['a', 'end', 'f1 f2 b c a'],
    ['a', { below: 'b' }, 'f1 f2 b a c'],
    ['c', { above: 'a' }, 'f1 f2 c a b'],
    ['a', { below: 'a' }, 'f1 f2 a b c'],
    ['a', { above: 'f1' }, 'position: federated rules stand above all others'],
    ['f1', 'end', 'f2 f1 a b c'],
    ['f1', { below: 'a' }, 'position: federated rules stand above all others'],
    ['z', 'top', 'id: there is no rule `z`'],
  ])('%s to %j: %s', (id, position, expected) => {
    expect(told(moveRule(list, id, position))).toBe(expected)
  })
})

describe('the rest', () => {
  test('removing', () => {
    expect([told(removeRule(list, 'a')), told(removeRule(list, 'z'))]).toEqual([
      'f1 f2 b c',
      'id: there is no rule `z`',
    ])
  })

  test('replacing, in place', () => {
    const changed: Rule = { ...aRuleCalled('b'), comment: 'new' }
    expect(replaceRule(list, changed)).toEqual({ ok: true, value: list.map((r) => (r.id === 'b' ? changed : r)) })
    expect(told(replaceRule(list, { ...changed, origin: 'federated' }))).toBe(
      'origin: a rule can not become or cease to be federated',
    )
    expect(told(replaceRule(list, aRuleCalled('z')))).toBe('id: there is no rule `z`')
  })
})

test('any series of edits keeps every rule once and the federated ones first', () => {
  const id = fc.constantFrom('f1', 'f2', 'f3', 'a', 'b', 'c', 'x', 'y')
  const position: fc.Arbitrary<Position> = fc.oneof(
    fc.constantFrom<Position[]>('top', 'end'),
    id.map((below) => ({ below })),
    id.map((above) => ({ above })),
  )
  const step = fc.record({ kind: fc.constantFrom('insert', 'move', 'remove'), id, position })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
      let rules: readonly Rule[] = list
      for (const { kind, id: which, position: where } of steps) {
        const before = rules.map((r) => r.id)
        const edits = {
          insert: () => insertRule(rules, aRuleCalled(which), where),
          move: () => moveRule(rules, which, where),
          remove: () => removeRule(rules, which),
        }
        const result = edits[kind]()
        expect(rules.map((r) => r.id)).toEqual(before)
        rules = result.ok ? result.value : rules
        const ids = rules.map((r) => r.id)
        expect(new Set(ids).size).toBe(ids.length)
        expect(ids.findLastIndex((i) => i.startsWith('f'))).toBe(ids.filter((i) => i.startsWith('f')).length - 1)
        if (kind === 'move') expect([...ids].sort()).toEqual([...before].sort())
      }
    }),
  )
})
