/**
 * What every store must do, as tests: each backend's test file calls `storeContract` with its own factory.
 * Says nothing about files, transactions across documents or how much history a backend keeps beyond the last 50.
 */
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { aRule } from '../../test/support/builders.ts'
import type { Rule } from '../policy/model.ts'
import type { DocumentName, Store } from './model.ts'

export type StoreUnderTest = {
  readonly store: Store
  /** The same documents through a new store object, as after a restart; the old one is closed. */
  readonly reopen: () => StoreUnderTest
  readonly dispose: () => void
}

const rule = (id: string): Rule => aRule('any', 'any', { id })

export function storeContract(backend: string, create: () => StoreUnderTest): void {
  describe(`${backend} keeps the store's contract`, () => {
    const open: StoreUnderTest[] = []
    const fresh = (): StoreUnderTest => {
      const made = create()
      open.push(made)
      return made
    }
    afterEach(() => {
      for (const made of open.splice(0)) made.dispose()
    })

    const saveRules = (store: Store, rules: readonly Rule[], base = store.read('rules').revision) =>
      store.write({ document: 'rules', value: rules, base, author: 'cli:ann', summary: 'edit' })

    test('a first start has every document at revision 1', () => {
      const { store } = fresh()
      const expected: Record<DocumentName, number> = {
        groups: 1,
        rules: 1,
        settings: 1,
        ignored: 1,
        wafSensors: 1,
        dlpSensors: 1,
        inspections: 1,
      }
      const names = Object.keys(expected) as DocumentName[]
      expect(Object.fromEntries(names.map((name) => [name, store.read(name).revision]))).toEqual(expected)
    })

    test('a write is read back, by the same store and after a restart', () => {
      const made = fresh()
      const saved = saveRules(made.store, [rule('b'), rule('a')])
      expect(saved).toEqual({ ok: true, saved: { revision: 2, value: [rule('b'), rule('a')] } })
      expect(made.store.read('rules')).toEqual({ revision: 2, value: [rule('b'), rule('a')] })
      const again = made.reopen()
      open.push(again)
      expect(again.store.read('rules')).toEqual({ revision: 2, value: [rule('b'), rule('a')] })
      expect(again.store.read('groups').revision).toBe(1)
    })

    test('a write based on an old revision is a conflict that shows what is there and what it was based on', () => {
      const { store } = fresh()
      const base = store.read('rules')
      saveRules(store, [rule('a')])
      expect(saveRules(store, [rule('b')], base.revision)).toEqual({
        ok: false,
        current: { revision: 2, value: [rule('a')] },
        base: base.value,
      })
      expect(store.read('rules').value).toEqual([rule('a')])
    })

    test('a write based on a revision that never was is a conflict without a base', () => {
      const { store } = fresh()
      expect(saveRules(store, [rule('a')], 7)).toEqual({ ok: false, current: store.read('rules'), base: undefined })
    })

    test('a write that changes nothing makes no revision, whatever it was based on', () => {
      const { store } = fresh()
      saveRules(store, [rule('a')])
      expect(saveRules(store, [rule('a')], 1)).toEqual({ ok: true, saved: { revision: 2, value: [rule('a')] } })
      expect(store.history('rules', 10)).toHaveLength(2)
    })

    test('what the caller does to a value afterwards does not reach the store', () => {
      const { store } = fresh()
      const rules = [rule('a')]
      saveRules(store, rules)
      rules.push(rule('b'))
      expect(store.read('rules').value).toEqual([rule('a')])
    })

    test('the history tells who and why, newest first, and gives old values back', () => {
      const { store } = fresh()
      saveRules(store, [rule('a')])
      saveRules(store, [rule('a'), rule('b')])
      const history = store.history('rules', 2)
      expect(history.map(({ at: _, ...info }) => info)).toEqual([
        { document: 'rules', revision: 3, author: 'cli:ann', summary: 'edit' },
        { document: 'rules', revision: 2, author: 'cli:ann', summary: 'edit' },
      ])
      expect(history.every((info) => new Date(info.at).toISOString() === info.at)).toBe(true)
      expect(store.at('rules', 2)).toEqual([rule('a')])
      expect(store.at('rules', 99)).toBeUndefined()
    })

    test('watchers hear of each committed write once, in order, until they leave', () => {
      const { store } = fresh()
      const heard: unknown[] = []
      const leave = store.watch((change) =>
        heard.push([change.document, change.revision, store.read('rules').revision]),
      )
      saveRules(store, [rule('a')])
      saveRules(store, [rule('a')])
      saveRules(store, [rule('b')], 1)
      saveRules(store, [])
      leave()
      saveRules(store, [rule('c')])
      expect(heard).toEqual([
        ['rules', 2, 2],
        ['rules', 3, 3],
      ])
    })

    test('a watcher may write: the others still hear in order', () => {
      const { store } = fresh()
      const heard: number[] = []
      store.watch(({ revision }) => {
        if (revision === 2) saveRules(store, [rule('second')])
      })
      store.watch(({ revision }) => heard.push(revision))
      saveRules(store, [rule('first')])
      expect(heard).toEqual([2, 3])
    })

    test('any sequence of writes: what is read is the last one that was accepted, and revisions go up by one', () => {
      const step = fc.record({ ids: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd')), behind: fc.nat({ max: 2 }) })
      fc.assert(
        fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
          const made = create()
          try {
            let model: { revision: number; ids: readonly string[] } = { revision: 1, ids: ids(made.store) }
            for (const { ids: wanted, behind } of steps) {
              const saved = saveRules(made.store, wanted.map(rule), model.revision - behind)
              const same = wanted.join() === model.ids.join()
              expect(saved.ok).toBe(same || behind === 0)
              if (saved.ok && !same) model = { revision: model.revision + 1, ids: wanted }
              expect({ revision: made.store.read('rules').revision, ids: ids(made.store) }).toEqual(model)
            }
          } finally {
            made.dispose()
          }
        }),
        { numRuns: 30 },
      )
    })
  })
}

const ids = (store: Store): readonly string[] => store.read('rules').value.map((r) => r.id)
