import { expect, test } from 'vitest'
import { aFlow, aRule, aWorkload, aWorld, tcp } from '../../test/support/builders.ts'
import type { Mode, Rule } from './model.ts'
import { preview } from './preview.ts'

const ui = aWorkload('ui', { ips: ['10.42.0.1'] })
const db = aWorkload('db', { ips: ['10.42.0.2'] })
const worldOf = (rules: readonly Rule[], mode: Mode) => aWorld({ workloads: [ui, db], rules, settings: { mode } })
const sql = { flow: aFlow(ui, db, { port: 5432, application: 'postgresql' }), count: 37 }
const ssh = { flow: aFlow(ui, db, { port: 22, application: 'ssh' }), count: 2 }
const web = { flow: aFlow(ui, db, { port: 80, application: 'http' }), count: 5 }

test('only what changes is told, with both reasons, the gravest first', () => {
  const before = worldOf(
    [aRule('any', 'any', { id: 'ssh', ports: tcp(22) }), aRule('any', 'any', { id: 'sql', ports: tcp(5432) })],
    'protect',
  )
  const after = worldOf(
    [aRule('any', 'any', { id: 'web', ports: tcp(80) }), aRule('any', 'any', { id: 'sql-2', ports: tcp(5432) })],
    'protect',
  )
  const changes = preview([web, sql, ssh], before, after)
  const told = changes.map((c) => [
    c.flow.port,
    c.count,
    c.before.enforced,
    c.before.rule,
    c.after.enforced,
    c.after.rule,
  ])
  expect(told).toEqual([
    [22, 2, 'allow', 'ssh', 'deny', 'default'],
    [80, 5, 'deny', 'default', 'allow', 'web'],
  ])
})

test('a switch to Protect refuses what no rule allows; one to Monitor refuses nothing', () => {
  const rules = [aRule('any', 'any', { id: 'sql', ports: tcp(5432) })]
  const ports = (to: Mode) =>
    preview([web, sql, ssh], worldOf(rules, 'discover'), worldOf(rules, to)).map((c) => c.flow.port)
  expect([ports('protect'), ports('monitor'), ports('discover')]).toEqual([[80, 22], [], []])
})

test('in Monitor a change of the policy alone is told, too', () => {
  const changes = preview([sql], worldOf([aRule('any', 'any')], 'monitor'), worldOf([], 'monitor'))
  expect(changes.map((c) => [c.before.policy, c.after.policy, c.after.enforced])).toEqual([['allow', 'deny', 'allow']])
})
