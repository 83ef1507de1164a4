import { describe, expect, test } from 'vitest'
import { aRule, tcp } from '../../test/support/builders.ts'
import { json } from '../../test/support/over-socket.ts'
import { at, planeForEachTest } from './testdata/each-test.ts'

const moment = '2026-03-01T12:00:00.000Z'
const old = '2026-01-01T00:00:00.000Z'

/** Three rules at revision 2. */
const rules = [
  aRule('nv.ui.yelb', 'nv.appserver.yelb', {
    id: 'ui-app',
    applications: ['http'],
    ports: tcp(4567),
    origin: 'learned',
  }),
  aRule('nv.appserver.yelb', 'nv.db.yelb', { id: 'app-db', applications: ['postgresql'], ports: tcp(5432) }),
  aRule('external', 'nv.ui.yelb', { id: 'outside', ports: tcp(80) }),
]
const document = {
  'ui-app': {
    id: 'ui-app',
    from: 'nv.ui.yelb',
    to: 'nv.appserver.yelb',
    applications: ['http'],
    ports: '4567',
    action: 'allow',
    origin: 'learned',
    createdAt: old,
    updatedAt: old,
  },
  'app-db': {
    id: 'app-db',
    from: 'nv.appserver.yelb',
    to: 'nv.db.yelb',
    applications: ['postgresql'],
    ports: '5432',
    action: 'allow',
    createdAt: old,
    updatedAt: old,
  },
  outside: {
    id: 'outside',
    from: 'external',
    to: 'nv.ui.yelb',
    ports: '80',
    action: 'allow',
    createdAt: old,
    updatedAt: old,
  },
}

const api = planeForEachTest({ policy: { rules } })
const { call, restart } = api

const order = () => api.plane.store.read('rules').value.map((rule) => rule.id)

describe('reading', () => {
  test('the list has its revision, each rule’s hits and what is wrong with it', async () => {
    await restart({
      policy: { rules },
      hits: () => new Map([['app-db', { hits: 7, lastHit: Date.parse(moment) }]]),
      compileStatus: () => [{ class: 'nv.db.yelb-1', rule: 'app-db', message: 'too many addresses' }],
      proxies: () => ['a', 'b'].map((workload) => aRefusing(workload)),
    })
    expect(await call('GET', '/rules?limit=1&offset=1')).toEqual({
      status: 200,
      etag: '"2"',
      body: {
        revision: 2,
        total: 3,
        rules: [
          {
            place: 1,
            rule: document['app-db'],
            hits: 7,
            lastHit: moment,
            status: [
              { kind: 'compile', class: 'nv.db.yelb-1', message: 'too many addresses' },
              { kind: 'rejected', class: 'nv.db.yelb-1', message: 'bad regex' },
            ],
          },
        ],
        default: { hits: 0, lastHit: null },
      },
    })
  })

  const aRefusing = (workload: string) => ({
    workload,
    class: 'nv.db.yelb-1',
    connected: true,
    version: '1.40.0',
    since: 0,
    pending: 0,
    lagMs: 0,
    rejected: [{ resource: 'rbac', rules: ['app-db'], message: 'bad regex', at: 0 }],
  })

  test('one rule, and a rule that is not there', async () => {
    const read = await call('GET', '/rules/outside')
    expect(read.body).toEqual({ place: 2, rule: document.outside, hits: 0, lastHit: null, status: [] })
    expect(await call('GET', '/rules/nowhere')).toEqual({
      status: 404,
      etag: undefined,
      body: {
        type: 'urn:postern:problem:not-found',
        title: 'There is no such thing',
        status: 404,
        detail: 'There is no rule nowhere.',
        problems: [],
      },
    })
  })
})

describe('inserting', () => {
  const fresh = { id: 'new', from: 'any', to: 'nv.db.yelb', ports: '22', action: 'deny', comment: 'no shells' }
  test.each([
    ['top', 'top', ['new', 'ui-app', 'app-db', 'outside']],
    ['end', 'end', ['ui-app', 'app-db', 'outside', 'new']],
    ['below', { below: 'app-db' }, ['ui-app', 'app-db', 'new', 'outside']],
    ['above', { above: 'app-db' }, ['ui-app', 'new', 'app-db', 'outside']],
  ])('at the %s', async (_, position, expected) => {
    expect(await call('POST', '/rules', at(2, { rule: fresh, position }))).toEqual({
      status: 200,
      etag: '"3"',
      body: { rule: { ...fresh, createdAt: moment, updatedAt: moment } },
    })
    expect(order()).toEqual(expected)
    expect(api.plane.store.history('rules', 1)).toEqual([
      { document: 'rules', revision: 3, at: moment, author: 'cli:unknown', summary: 'insert rule new' },
    ])
  })

  test('every problem at once, each with its path', async () => {
    const rule = { form: 'any', to: 'nv.db.yelb', ports: '99999', applications: ['postgres'], action: 'permit' }
    const { status, body } = await call('POST', '/rules', at(2, { rule, position: { under: 'app-db' } }))
    expect(status).toBe(422)
    expect(body.problems.map((p: { path: string }) => p.path).sort()).toEqual([
      'position',
      'rule.action',
      'rule.applications[0]',
      'rule.form',
      'rule.from',
      'rule.ports',
    ])
    expect(order()).toEqual(['ui-app', 'app-db', 'outside'])
  })

  test('a group that is not there, with a guess', async () => {
    const rule = { from: 'extrenal', to: 'nv.db.yelb', action: 'allow' }
    expect((await call('POST', '/rules', at(2, { rule }))).body.problems).toEqual([
      { path: 'rule.from', message: '`extrenal` is no group; did you mean `external`?' },
    ])
  })

  test('beside a rule that is not there, and under an id that is taken', async () => {
    const rule = { id: 'outside', from: 'any', to: 'any', action: 'deny' }
    const problemsAt = async (position: unknown) =>
      (await call('POST', '/rules', at(2, { rule: { ...rule, id: 'new' }, position }))).body.problems
    expect(await problemsAt({ below: 'gone' })).toEqual([{ path: 'position', message: 'there is no rule `gone`' }])
    expect((await call('POST', '/rules', at(2, { rule }))).body.problems).toEqual([
      { path: 'rule.id', message: 'there is a rule `outside` already' },
    ])
  })

  test('without a base it is refused, with the present one named', async () => {
    const { status, body } = await call('POST', '/rules', json({ rule: fresh }))
    expect({ status, detail: body.detail }).toEqual({
      status: 428,
      detail: 'If-Match is missing; now it would be "2".',
    })
  })
})

describe('two people edit at once', () => {
  test('the second gets 409 and sees what the first did', async () => {
    await call('PATCH', '/rules/app-db', at(2, { ports: '5432,5433' }))
    await call('POST', '/rules/outside/move', at(3, { position: 'top' }))
    await call('DELETE', '/rules/ui-app', at(4))
    expect(await call('PATCH', '/rules/app-db', at(2, { disabled: true }))).toEqual({
      status: 409,
      etag: undefined,
      body: {
        type: 'urn:postern:problem:conflict',
        title: 'Somebody else saved first',
        status: 409,
        detail: 'The rules were changed since; look at the differences and try again.',
        problems: [],
        revision: '"5"',
        diff: [
          { document: 'rules', kind: 'removed', id: 'ui-app', before: document['ui-app'] },
          {
            document: 'rules',
            kind: 'changed',
            id: 'app-db',
            fields: [{ field: 'ports', before: '5432', after: '5432,5433' }],
          },
          { document: 'rules', kind: 'moved', id: 'outside', below: null },
        ],
      },
    })
    expect(api.plane.store.read('rules').revision).toBe(5)
  })

  test('`*` is for whoever does not mind', async () => {
    await call('PATCH', '/rules/app-db', at(2, { ports: '5433' }))
    const request = json({ disabled: true }, { 'if-match': '*' })
    expect((await call('PATCH', '/rules/app-db', request)).etag).toBe('"4"')
  })

  test('a tag that is none of ours is not understood', async () => {
    for (const tag of ['2', 'W/"2"', '"2.3"', '"x"']) {
      expect((await call('DELETE', '/rules/app-db', { headers: { 'if-match': tag } })).status).toBe(400)
    }
  })
})

describe('changing', () => {
  test('a patch is merged: null takes a part away, the rest stays', async () => {
    const { body } = await call('PATCH', '/rules/app-db', at(2, { ports: null, comment: 'any port' }))
    const { ports: _, ...rest } = document['app-db']
    expect(body).toEqual({ rule: { ...rest, comment: 'any port', updatedAt: moment } })
  })

  test('a learned rule that means something else now is a user’s; one that is only switched off stays learned', async () => {
    const off = await call('PATCH', '/rules/ui-app', at(2, { disabled: true }))
    expect(off.body.rule).toEqual({ ...document['ui-app'], disabled: true, updatedAt: moment })
    const denied = await call('PATCH', '/rules/ui-app', at(3, { action: 'deny' }))
    const { origin: _, ...rest } = document['ui-app']
    expect(denied.body.rule).toEqual({ ...rest, disabled: true, action: 'deny', updatedAt: moment })
  })

  test('a patch is judged like a rule', async () => {
    const { status, body } = await call('PATCH', '/rules/app-db', at(2, { ports: '0', from: 'web', id: 'app-db' }))
    expect({ status, problems: body.problems }).toEqual({
      status: 422,
      problems: [{ path: 'ports', message: '`0` is not between 1 and 65535' }],
    })
    expect((await call('PATCH', '/rules/app-db', at(2, { from: 'web' }))).body.problems).toEqual([
      { path: 'from', message: '`web` is no group' },
    ])
    expect((await call('PATCH', '/rules/app-db', at(2, { id: 'other' }))).body.problems).toEqual([
      { path: 'id', message: 'an id is for life: insert a new rule instead' },
    ])
  })

  test('moving below another rule', async () => {
    const moved = await call('POST', '/rules/ui-app/move', at(2, { position: { below: 'outside' } }))
    expect(moved.body).toEqual({ rule: document['ui-app'], place: 2 })
    expect(order()).toEqual(['app-db', 'outside', 'ui-app'])
    expect((await call('POST', '/rules/nowhere/move', at(3, { position: 'top' }))).status).toBe(404)
  })

  test('the whole list: what is unchanged keeps its times', async () => {
    const list = [
      document.outside,
      { ...document['app-db'], action: 'deny' },
      { from: 'any', to: 'any', action: 'deny' },
    ]
    const saved = await call('PUT', '/rules', at(2, { rules: list }))
    expect(saved).toEqual({ status: 200, etag: '"3"', body: { revision: 3, total: 3 } })
    const kept = api.plane.store
      .read('rules')
      .value.map(({ id, createdAt, updatedAt }) => ({ id, createdAt, updatedAt }))
    expect(kept).toEqual([
      { id: 'outside', createdAt: old, updatedAt: old },
      { id: 'app-db', createdAt: old, updatedAt: moment },
      { id: expect.stringMatching(/^rule-/), createdAt: moment, updatedAt: moment },
    ])
  })

  test('a list that names a group that is not there', async () => {
    const { body } = await call(
      'PUT',
      '/rules',
      at(2, { rules: [document.outside, { ...document.outside, id: 'b', to: 'web' }] }),
    )
    expect(body.problems).toEqual([{ path: 'rules[1].to', message: '`web` is no group' }])
    expect(order()).toEqual(['ui-app', 'app-db', 'outside'])
  })

  test('a list with the same id twice says which', async () => {
    const { body } = await call('PUT', '/rules', at(2, { rules: [document.outside, document.outside] }))
    expect(body.problems).toEqual([{ path: 'rules[1].id', message: '`outside` is the id of rules[0], too' }])
  })
})

describe('deleting', () => {
  test('a learned rule, never to be learned again', async () => {
    expect(await call('DELETE', '/rules/ui-app?ignore=true', at(2))).toEqual({
      status: 200,
      etag: '"3"',
      body: { rule: document['ui-app'] },
    })
    expect(order()).toEqual(['app-db', 'outside'])
    const ignored = { from: 'nv.ui.yelb', to: 'nv.appserver.yelb', application: 'http' }
    expect(await call('GET', '/ignored')).toEqual({ status: 200, etag: '"2"', body: { total: 1, ignored: [ignored] } })
    const again = { ...document['ui-app'], id: 'again' }
    await call('POST', '/rules', at(3, { rule: again }))
    await call('DELETE', '/rules/again?ignore=true', at(4))
    expect((await call('GET', '/ignored')).body.total).toBe(1)
    const query = new URLSearchParams(ignored)
    expect((await call('DELETE', `/ignored?${query}`, at(2))).body).toEqual({ ignored })
    expect((await call('DELETE', `/ignored?${query}`, at(3))).status).toBe(404)
  })

  test('only what was learned can be ignored, and then nothing is deleted', async () => {
    const { status, body } = await call('DELETE', '/rules/app-db?ignore=true', at(2))
    expect({ status, problems: body.problems }).toEqual({
      status: 422,
      problems: [{ path: 'query.ignore', message: 'app-db is no learned rule' }],
    })
    expect(order()).toEqual(['ui-app', 'app-db', 'outside'])
  })
})
