import { expect, test } from 'vitest'
import { aFlow, aRule, tcp } from '../../test/support/builders.ts'
import { ask, json } from '../../test/support/over-socket.ts'
import { defaultSettings } from '../policy/defaults.ts'
import type { Mode } from '../policy/model.ts'
import { planeForEachTest } from './testdata/each-test.ts'
import { type Said, yelb } from './testdata/harness.ts'

const [ui, app, db] = yelb.workloads as [
  (typeof yelb.workloads)[0],
  (typeof yelb.workloads)[0],
  (typeof yelb.workloads)[0],
]
const flows = [
  { flow: aFlow(ui, app, { port: 4567, application: 'http' }), count: 30 },
  { flow: aFlow(app, db, { port: 5432, application: 'postgresql' }), count: 5 },
  { flow: aFlow(ui, db, { port: 22, application: 'ssh' }), count: 2 },
]
const rules = [
  aRule('nv.ui.yelb', 'nv.appserver.yelb', { id: 'ui-app', applications: ['http'], ports: tcp(4567) }),
  aRule('nv.appserver.yelb', 'nv.db.yelb', { id: 'app-db', applications: ['postgresql'] }),
]

const inMode = (mode: Mode): Said => ({
  policy: { rules, settings: { ...defaultSettings, mode } },
  recordedFlows: () => flows,
})
const api = planeForEachTest(inMode('protect'))

const draft = {
  rules: [
    { id: 'no-ui', from: 'nv.ui.yelb', to: 'nv.appserver.yelb', action: 'deny' },
    { id: 'ssh', from: 'nv.ui.yelb', to: 'any', applications: ['ssh'], action: 'allow' },
    { id: 'app-db', from: 'nv.appserver.yelb', to: 'nv.db.yelb', applications: ['postgresql'], action: 'allow' },
  ],
}
async function preview(body: unknown) {
  const answer = await ask(api.plane.socket, 'POST', '/api/v1/preview', json(body))
  return { status: answer.status, body: JSON.parse(answer.body) }
}
type Told = {
  flow: { port: number }
  count: number
  before: { enforced: string; rule: string }
  after: { enforced: string; rule: string }
}
const told = ({ flow, count, before, after }: Told) => [
  flow.port,
  count,
  before.enforced,
  before.rule,
  after.enforced,
  after.rule,
]
const none = { conversations: 0, connections: 0 }

test('what the draft would have refused and let in, with both verdicts; nothing is saved', async () => {
  const { body } = await preview(draft)
  const { changes, ...counts } = body
  expect(counts).toEqual({
    tried: 3,
    denied: { conversations: 1, connections: 30 },
    violations: none,
    allowed: { conversations: 1, connections: 2 },
  })
  expect(changes.map(told)).toEqual([
    [4567, 30, 'allow', 'ui-app', 'deny', 'no-ui'],
    [22, 2, 'deny', 'default', 'allow', 'ssh'],
  ])
  expect(api.plane.store.read('rules').revision).toBe(2)
})

test('in Monitor the same draft makes a violation and refuses nothing', async () => {
  await api.restart(inMode('monitor'))
  const { changes: _, ...counts } = (await preview(draft)).body
  expect(counts).toEqual({ tried: 3, denied: none, violations: { conversations: 1, connections: 30 }, allowed: none })
})

test('a change of mode is a draft, too', async () => {
  await api.restart(inMode('discover'))
  const { denied, changes } = (await preview({ settings: { mode: 'protect' } })).body
  expect({ denied, changes: changes.map(told) }).toEqual({
    denied: { conversations: 1, connections: 2 },
    changes: [[22, 2, 'allow', 'default', 'deny', 'default']],
  })
})

test('back to Monitor, what was refused is let in; that is no new violation', async () => {
  const { changes: _, ...counts } = (await preview({ settings: { mode: 'monitor' } })).body
  expect(counts).toEqual({ tried: 3, denied: none, violations: none, allowed: { conversations: 1, connections: 2 } })
})

test('a draft with problems is judged as an import is', async () => {
  const { status, body } = await preview({ rules: [{ from: 'any', to: 'nowhere', action: 'deny' }] })
  expect({ status, problems: body.problems }).toEqual({
    status: 422,
    problems: [{ path: 'rules[0].to', message: '`nowhere` is no group' }],
  })
})
