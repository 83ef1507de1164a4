/** What an edit of the policy does to the records of connections that are open: nothing, but for the deletion of a rule. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { aGroup, aRule } from '../../test/support/builders.ts'
import type { Group, Mode, Rule } from '../policy/model.ts'
import type { AccessRecord } from './model.ts'
import { flushMilliseconds, tickMilliseconds } from './observer.ts'
import { aConnection, appToDb, type Observed, observed } from './testdata/observed.ts'
import { aStart } from './testdata/records.ts'

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0).reverse()) close()
})
const aPath = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-live-'))
  open.push(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'observed.db')
}

type Document = { readonly mode: Mode } | { readonly rules: readonly Rule[] } | { readonly groups: readonly Group[] }

/** One cluster and one connection app → db in it, whose records come when the story says so. */
function aStory(options: Parameters<typeof observed>[0] = {}) {
  let one: Observed = observed({ path: aPath(), ...options })
  open.push(() => one.close())
  let startedAt = 0
  const said = (more: Partial<AccessRecord>) => {
    one.clock.pass(1_000)
    one.observer.accept([aConnection({ ...more, at: one.clock.now(), startedAt })])
    one.clock.pass(tickMilliseconds)
  }
  const save = (document: Document) => {
    const { store } = one
    one.clock.pass(10_000)
    const by = { author: 'test', summary: '' }
    const write = { base: store.read('rules').revision, ...by }
    if ('rules' in document) store.write({ document: 'rules', value: document.rules, ...write })
    else if ('groups' in document)
      store.write({ document: 'groups', value: document.groups, base: store.read('groups').revision, ...by })
    else {
      const { revision, value } = store.read('settings')
      store.write({ document: 'settings', value: { ...value, mode: document.mode }, base: revision, ...by })
    }
    one.clock.pass(10)
  }
  return {
    opens: (more: Partial<AccessRecord> = {}) => {
      one.clock.pass(1_000)
      startedAt = one.clock.now()
      one.observer.accept([aStart({ ...appToDb, at: startedAt, ...more })])
    },
    said,
    save,
    restart: () => {
      one.clock.pass(flushMilliseconds)
      one = one.restart()
    },
    conversations: () =>
      one.observer
        .conversations()
        .map((c) => [c.source, c.application, c.verdict, c.rule, c.mode, c.connections, c.bytesReceived]),
    events: () =>
      one.observer.events
        .query({ limit: 20 })
        .filter(({ kind }) => kind !== 'audit')
        .map(({ kind, rule, action, mode }) => [kind, rule, action, mode]),
    rules: () => one.store.read('rules').value.map(({ origin, to }) => [origin, to]),
    rulesRevision: () => one.store.read('rules').revision,
  }
}

const denied = { rule: 'default', denied: true }
const inDiscover = ['nv.app.yelb', 'postgresql', 'allow', 'default', 'discover', 1]
const learned = ['learned', 'nv.db.yelb']

describe('a pooled connection that was opened while no rule matched', () => {
  test('stays one conversation of Discover while it is learned, in Monitor, in Protect, and when it is cut', () => {
    const it = aStory({ mode: 'discover' })
    it.opens()
    it.said({ phase: 'connected', application: undefined, bytesReceived: 0 })
    it.said({ phase: 'periodic', shadow: denied, bytesReceived: 10 })
    expect([it.rules(), it.conversations()]).toEqual([[learned], [[...inDiscover, 10]]])
    const revision = it.rulesRevision()
    it.said({ phase: 'periodic', shadow: denied, bytesReceived: 30 })
    it.save({ mode: 'monitor' })
    it.said({ phase: 'periodic', shadow: denied, bytesReceived: 60 })
    it.save({ mode: 'protect' })
    it.said({ phase: 'periodic', shadow: denied, bytesReceived: 100 })
    it.save({ rules: [aRule('any', 'any', { id: 'nobody', action: 'deny' })] })
    it.said({ phase: 'end', shadow: denied, bytesReceived: 150, details: 'tcp_proxy_drain_close' })
    expect(it.conversations()).toEqual([[...inDiscover, 150]])
    expect(it.events()).toEqual([])
    expect(it.rulesRevision()).toBe(revision + 1)
  })

  test('does so across a restart, of which its connection knows nothing', () => {
    const it = aStory({ mode: 'discover' })
    it.opens()
    it.said({ phase: 'connected', shadow: denied, bytesReceived: 10 })
    it.save({ mode: 'monitor' })
    it.restart()
    it.said({ phase: 'periodic', shadow: denied, bytesReceived: 30 })
    it.save({ mode: 'protect' })
    it.restart()
    it.said({ phase: 'periodic', shadow: denied, bytesReceived: 60 })
    it.said({ phase: 'end', shadow: denied, bytesReceived: 100 })
    // What it sent between the last record before a restart and the first after it is not known.
    expect(it.conversations()).toEqual([[...inDiscover, 50]])
    expect(it.events()).toEqual([])
  })

  test('that said nothing yet when we were restarted is counted as what it turns out to be', () => {
    const it = aStory({ mode: 'monitor' })
    it.opens()
    it.restart()
    it.said({ phase: 'periodic', application: undefined, bytesReceived: 0 })
    it.said({ phase: 'periodic', shadow: denied, bytesReceived: 10 })
    expect(it.conversations()).toContainEqual(['nv.app.yelb', 'postgresql', 'violation', 'default', 'monitor', 0, 10])
  })

  test('teaches its rule again when somebody deletes it, and changes nothing else', () => {
    const it = aStory({ mode: 'discover' })
    it.opens()
    it.said({ phase: 'connected', shadow: denied, bytesReceived: 10 })
    it.save({ rules: [] })
    it.said({ phase: 'periodic', shadow: denied, bytesReceived: 10 })
    expect(it.rules()).toEqual([])
    it.said({ phase: 'periodic', shadow: denied, bytesReceived: 30 })
    expect([it.rules(), it.conversations()]).toEqual([[learned], [[...inDiscover, 30]]])
  })
})

describe('a connection of which the first that says something comes after the mode was changed', () => {
  const last = { phase: 'end', shadow: denied, bytesReceived: 10 } as const

  test.each([
    ['discover', 'protect', 'allow', []],
    ['discover', 'monitor', 'allow', []],
    ['monitor', 'protect', 'violation', [['violation', 'default', 'allowed', 'monitor']]],
  ] as const)('opened in %s and ended in %s: %s', (then, now, verdict, events) => {
    const it = aStory({ mode: then })
    it.opens()
    it.save({ mode: now })
    it.said(last)
    expect(it.conversations()).toEqual([['nv.app.yelb', 'postgresql', verdict, 'default', then, 1, 10]])
    expect(it.events()).toEqual(events)
  })

  test('is told when it began in Protect and its sidecar let it pass all the same', () => {
    const it = aStory({ mode: 'discover' })
    it.save({ mode: 'protect' })
    it.opens()
    it.said(last)
    expect(it.events()).toEqual([['violation', 'default', 'allowed', 'protect']])
  })

  test('is learned by the mode of now: what still speaks in Discover was seen in Discover', () => {
    const it = aStory({ mode: 'monitor' })
    it.opens()
    it.said({ ...last, phase: 'connected' })
    it.save({ mode: 'discover' })
    it.said({ ...last, phase: 'periodic', bytesReceived: 20 })
    expect(it.rules()).toEqual([learned])
    expect(it.conversations()).toEqual([['nv.app.yelb', 'postgresql', 'violation', 'default', 'monitor', 1, 20]])
  })
})

describe('a connection that its sidecar let in without a word', () => {
  const allow = aRule('nv.app.yelb', 'nv.db.yelb', { id: 'app-db' })
  const deny = aRule('any', 'any', { id: 'nobody', action: 'deny' })

  test('is not held against a rule that came later', () => {
    const it = aStory({ mode: 'protect', parts: { rules: [allow] } })
    it.opens()
    it.save({ rules: [deny] })
    it.said({ phase: 'end', application: 'mysql', bytesReceived: 0 })
    expect(it.events()).toEqual([])
    expect(it.conversations()).toEqual([['nv.app.yelb', 'mysql', 'allow', 'default', 'protect', 1, 0]])
  })

  test('is a probe where it sent nothing either', () => {
    const it = aStory({ mode: 'monitor', parts: { rules: [allow] } })
    it.opens()
    it.save({ rules: [deny] })
    it.said({ phase: 'end', application: undefined, bytesReceived: 0 })
    expect([it.events(), it.conversations()]).toEqual([[], []])
  })
})

test('a connection keeps the name its ends had when it was judged', () => {
  const it = aStory({ mode: 'protect' })
  const source = { ip: '198.51.100.7', port: 1 }
  const outside = { source, shadow: { rule: 'r', denied: false } }
  it.opens({ source })
  it.said({ ...outside, phase: 'connected', bytesReceived: 10 })
  it.save({ groups: [aGroup('partner', { addresses: ['198.51.100.7'] })] })
  it.said({ ...outside, phase: 'end', bytesReceived: 30 })
  expect(it.conversations()).toEqual([['external', 'postgresql', 'allow', 'r', 'protect', 1, 30]])
})
