import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { aGroup, anHttp, aRule, someTime, tcp, udp } from '../../test/support/builders.ts'
import { defaultSettings } from '../policy/defaults.ts'
import type { Policy } from '../policy/model.ts'
import type { AnyWrite } from './model.ts'
import { openStore, type SqliteStore } from './sqlite.ts'
import { exportYaml, importYaml, maxYamlBytes } from './yaml.ts'

const stores: SqliteStore[] = []
const aStore = (policy: Partial<Policy> = {}): SqliteStore => {
  const store = openStore({ path: ':memory:', now: () => 0, onWatcherError: () => {} })
  stores.push(store)
  const writes = Object.entries(policy).map(([document, value]) => ({
    document,
    value,
    base: 1,
    author: 't',
    summary: '',
  }))
  store.writeAll(writes as unknown as AnyWrite[])
  return store
}
afterEach(() => {
  for (const store of stores.splice(0)) store.close()
})
const stored = (store: SqliteStore) => ({
  groups: store.read('groups').value,
  rules: store.read('rules').value,
  settings: store.read('settings').value,
  ignored: store.read('ignored').value,
})
const options = { author: 'import', now: '2026-03-03T00:00:00.000Z' }

const everything: Policy = {
  groups: [
    aGroup('nv.ui.yelb', { mode: 'protect' }),
    aGroup('system', { criteria: [{ key: 'namespace', op: '=', value: 'kube-*' }], comment: 'ours: #1' }),
    aGroup('lb', { addresses: ['198.51.100.1-198.51.100.2', '*.example.com'] }),
  ],
  rules: [
    aRule('lb', 'nv.ui.yelb', { id: 'lb-ui', ports: [...tcp(80), ...tcp(8500, 8508), ...udp(53)] }),
    aRule('nv.ui.yelb', 'system', {
      id: 'api',
      http: [anHttp({ methods: ['GET'], paths: ['/votes/{id}'], headers: [{ name: 'x', present: true }] })],
      action: 'deny',
      disabled: true,
      origin: 'learned',
    }),
  ],
  settings: { ...defaultSettings, mode: 'monitor', autoPromote: { toMonitor: 24, toProtect: null } },
  ignored: [{ from: 'lb', to: 'nv.ui.yelb', application: 'ssh' }],
}

describe('an export', () => {
  test('imported elsewhere is the same policy, and imported again changes nothing', () => {
    const text = exportYaml(aStore(everything))
    const other = aStore()
    expect(importYaml(other, text, options)).toMatchObject({ ok: true })
    expect(stored(other)).toEqual(everything)
    const revisions = { groups: 2, rules: 2, settings: 2, ignored: 2 }
    expect(importYaml(other, text, options)).toEqual({ ok: true, revisions })
  })

  test('of any names and comments reads back the same', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((s) => !/\p{C}/u.test(s))
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), (comments) => {
        const rules = comments.map((comment, i) => aRule('any', 'any', { id: `r${i}`, comment }))
        const [from, to] = [aStore({ rules }), aStore()]
        expect(importYaml(to, exportYaml(from), options)).toMatchObject({ ok: true })
        expect(stored(to).rules).toEqual(rules)
      }),
      { numRuns: 50 },
    )
  })
})

describe('an import', () => {
  test('keeps the parts that it does not have', () => {
    const store = aStore(everything)
    expect(importYaml(store, 'ignored: []\n', options)).toMatchObject({ ok: true, revisions: { ignored: 3, rules: 2 } })
    expect(stored(store)).toEqual({ ...everything, ignored: [] })
  })

  test('gives new rules the present time, and known ones theirs', () => {
    const store = aStore({ rules: [aRule('any', 'any', { id: 'known' })] })
    importYaml(
      store,
      'rules: [{id: known, from: any, to: nodes, action: deny}, {id: new, from: any, to: any, action: allow}]',
      options,
    )
    expect(stored(store).rules.map((r) => [r.id, r.createdAt])).toEqual([
      ['known', someTime],
      ['new', options.now],
    ])
  })

  test('with anything wrong writes nothing and names every problem', () => {
    const store = aStore()
    const before = stored(store)
    const text =
      'settings: {mode: protcet}\nrules:\n- {from: nobody, to: any, action: allow, ports: "0"}\n- {from: any}\nextra: 1\n'
    const imported = importYaml(store, text, options)
    expect(imported.ok).toBe(false)
    const paths = 'problems' in imported ? imported.problems.map((p) => p.path) : []
    expect(paths).toEqual(expect.arrayContaining(['settings.mode', 'rules[0].ports', 'rules[1].to', 'extra']))
    expect(stored(store)).toEqual(before)
  })

  test('of a rule whose group goes away is refused', () => {
    const store = aStore(everything)
    expect(importYaml(store, 'groups: []\n', options)).toEqual({
      ok: false,
      problems: [expect.objectContaining({ path: 'rules[0].from' }), expect.objectContaining({ path: 'rules[1].to' })],
    })
  })

  const unreadable = [
    ['broken syntax', 'rules: [\n', 'line 2'],
    ['a key twice', 'rules: []\nrules: []\n', 'line 2'],
    ['no map', '- a\n', ''],
    ['an alias of nothing', 'rules: *x\n', ''],
    ['a bomb of aliases', bomb(), ''],
    ['more than the bound', `# ${'x'.repeat(maxYamlBytes)}`, ''],
  ] as const
  test.each(unreadable)('%s is refused with its place', (_, text, path) => {
    const imported = importYaml(aStore(), text, options)
    expect(imported).toMatchObject({ ok: false, problems: [{ path }] })
  })
})

/** Each line doubles the one before: 2^20 entries in 400 bytes. */
function bomb(): string {
  const lines = Array.from({ length: 20 }, (_, i) => `a${i}: &a${i} ${i === 0 ? '[x]' : `[*a${i - 1}, *a${i - 1}]`}`)
  return lines.join('\n')
}
