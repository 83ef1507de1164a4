import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { aGroup, anHttp, aRule, tcp, udp } from '../../test/support/builders.ts'
import { ask, json, type RawRequest } from '../../test/support/over-socket.ts'
import { defaultSettings } from '../policy/defaults.ts'
import type { Policy } from '../policy/model.ts'
import { predefinedDlpSensors, predefinedWafSensors } from '../policy/sensor.ts'
import { storedPolicy } from '../store/policy.ts'
import { planeForEachTest } from './testdata/each-test.ts'

const old = '2026-01-01T00:00:00.000Z'
const moment = '2026-03-01T12:00:00.000Z'
const lb = aGroup('lb', { addresses: ['192.168.120.100'] })
const web = aRule('lb', 'nv.ui.yelb', { id: 'web', ports: tcp(80) })
const webDocument = {
  id: 'web',
  from: 'lb',
  to: 'nv.ui.yelb',
  ports: '80',
  action: 'allow',
  createdAt: old,
  updatedAt: old,
}

const api = planeForEachTest({ policy: { groups: [lb], rules: [web] } })
const { call, restart } = api

const yaml = (body: string, tag = '"2.2.1.1.1.1.1"'): RawRequest => ({
  headers: { 'content-type': 'application/yaml', 'if-match': tag },
  body,
})
const revisions = () =>
  (['groups', 'rules', 'settings', 'ignored'] as const).map((d) => api.plane.store.read(d).revision)

describe('out', () => {
  test('everything people decided, with the revisions it was', async () => {
    const { etag, body } = await call('GET', '/policy')
    expect({ etag, groups: body.groups, rules: body.rules, ignored: body.ignored }).toEqual({
      etag: '"2.2.1.1.1.1.1"',
      groups: [lb],
      rules: [webDocument],
      ignored: [],
    })
  })

  test('what is exported as YAML can be imported, and changes nothing', async () => {
    const text = (await ask(api.plane.socket, 'GET', '/api/v1/policy', { headers: { accept: 'application/yaml' } }))
      .body
    expect(parse(text).rules).toEqual([webDocument])
    expect(await call('PUT', '/policy', yaml(text))).toEqual({
      status: 200,
      etag: '"2.2.1.1.1.1.1"',
      body: { saved: true, changes: [] },
    })
  })
})

describe('out of one and into another', () => {
  const everything: Policy = {
    groups: [
      aGroup('lb', { addresses: ['198.51.100.1-198.51.100.2', '*.example.com'] }),
      aGroup('nv.ui.yelb', { mode: 'protect' }),
      aGroup('system', { criteria: [{ key: 'namespace', op: '=', value: 'kube-*' }], comment: 'ours: #1' }),
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
    wafSensors: [{ ...predefinedWafSensors[1]!, name: 'crs-2', comment: 'stricter' }],
    dlpSensors: [{ ...predefinedDlpSensors[0]!, name: 'cards', mask: true }],
    inspections: [
      { group: 'nv.ui.yelb', waf: [{ sensor: 'crs-2', action: 'deny' }], dlp: [], onFailure: 'failOpen' },
      { group: 'system', waf: [], dlp: [{ sensor: 'cards', action: 'allow' }], onFailure: 'failClosed' },
    ],
  }
  const exported = async () =>
    (await ask(api.plane.socket, 'GET', '/api/v1/policy', { headers: { accept: 'application/yaml' } })).body

  test('is the same policy, with the times it had', async () => {
    await restart({ policy: everything })
    const text = await exported()
    await restart({})
    expect(await call('PUT', '/policy', yaml(text, '*'))).toMatchObject({ status: 200, etag: '"2.2.2.2.2.2.2"' })
    expect(storedPolicy(api.plane.store)).toEqual(everything)
  })

  test('whatever people write in comments', async () => {
    const comment = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((s) => !/\p{C}/u.test(s))
    const comments = fc.array(comment, { maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(comments, async (texts) => {
        const rules = texts.map((text, i) => ({ id: `r${i}`, from: 'any', to: 'any', action: 'allow', comment: text }))
        expect((await call('PUT', '/policy', json({ rules }, { 'if-match': '*' }))).status).toBe(200)
        expect((await call('PUT', '/policy', yaml(await exported(), '*'))).body).toEqual({ saved: true, changes: [] })
        expect(api.plane.store.read('rules').value.map((rule) => rule.comment)).toEqual(texts)
      }),
      { numRuns: 50 },
    )
  })

  test('sensors and bindings end up by name, whatever their order was', async () => {
    await restart({ policy: everything })
    const policy = (await call('GET', '/policy')).body
    const turned = { ...policy, inspections: policy.inspections.toReversed() }
    expect((await call('PUT', '/policy', json(turned, { 'if-match': '*' }))).etag).toBe('"2.2.2.2.2.2.2"')
  })
})

describe('in', () => {
  const text = `
groups:
  - name: lb
    addresses: [192.168.120.100-192.168.120.101]
  - name: db
    criteria: ["namespace=yelb", "service=db"]
rules:
  - {from: lb, to: nv.ui.yelb, ports: 80, action: allow, id: web}
  - {id: no-ssh, from: any, to: db, applications: [ssh], action: deny}
`
  const db = [
    { key: 'namespace', op: '=', value: 'yelb' },
    { key: 'service', op: '=', value: 'db' },
  ]
  const added = {
    id: 'no-ssh',
    from: 'any',
    to: 'db',
    applications: ['ssh'],
    action: 'deny',
    createdAt: moment,
    updatedAt: moment,
  }
  const changes = [
    { document: 'groups', kind: 'added', id: 'db', after: { kind: 'custom', name: 'db', comment: '', criteria: db } },
    {
      document: 'groups',
      kind: 'changed',
      id: 'lb',
      fields: [{ field: 'addresses', before: ['192.168.120.100'], after: ['192.168.120.100-192.168.120.101'] }],
    },
    { document: 'rules', kind: 'added', id: 'no-ssh', after: added, below: 'web' },
  ]

  test('a file with some parts changes those, in one go', async () => {
    await restart({
      policy: { groups: [lb], rules: [web], ignored: [{ from: 'lb', to: 'any', application: 'ssh' }] },
    })
    expect(await call('PUT', '/policy', yaml(text, '"2.2.1.2.1.1.1"'))).toEqual({
      status: 200,
      etag: '"3.3.1.2.1.1.1"',
      body: { saved: true, changes },
    })
    expect(api.plane.store.history('rules', 1)[0]).toMatchObject({ revision: 3, summary: 'import' })
    expect(api.plane.store.read('rules').value.map(({ id, updatedAt }) => [id, updatedAt])).toEqual([
      ['web', old],
      ['no-ssh', moment],
    ])
  })

  test('a rule that means something else now was changed now; when it was made stays', async () => {
    await call('PUT', '/policy', yaml('rules: [{id: web, from: lb, to: nv.ui.yelb, ports: 81, action: allow}]'))
    expect(api.plane.store.read('rules').value).toEqual([{ ...web, ports: tcp(81), updatedAt: moment }])
  })

  test('a text that is no map of parts, or has one twice, is refused with its place', async () => {
    expect(await call('PUT', '/policy', yaml('- a\n'))).toMatchObject({
      status: 422,
      body: { problems: [{ path: '' }] },
    })
    expect(await call('PUT', '/policy', yaml('rules: []\nrules: []\n'))).toMatchObject({
      status: 400,
      body: { problems: [{ path: 'line 2' }] },
    })
  })

  test('a dry run says the same and changes nothing', async () => {
    expect((await call('PUT', '/policy?dryRun=true', yaml(text))).body).toEqual({ saved: false, changes })
    expect(revisions()).toEqual([2, 2, 1, 1])
  })

  test('refused with every problem, and nothing changed', async () => {
    const wrong = {
      groups: [
        { name: 'any', criteria: ['colour=red'] },
        { name: 'ok', criteria: [] },
        { name: 'ok', criteria: [] },
      ],
      rules: [{ from: 'lb', to: 'nv.ui', ports: '80-70', action: 'allow' }],
      settings: { mode: 'off' },
      ignored: [{ from: 'a b', to: 'any' }],
      rulez: [],
    }
    const { status, body } = await call('PUT', '/policy', json(wrong, { 'if-match': '"2.2.1.1.1.1.1"' }))
    expect(status).toBe(422)
    expect(body.problems).toEqual([
      { path: 'rulez', message: 'is not a field here; did you mean `rules`?' },
      { path: 'groups[0].name', message: '`any` is reserved' },
      expect.objectContaining({ path: 'groups[0].criteria[0].key' }),
      { path: 'rules[0].to', message: '`nv.ui` is no learned group: these are called nv.<owner>.<namespace>' },
      { path: 'rules[0].ports', message: '`80-70` counts backwards' },
      { path: 'settings.mode', message: 'must be discover, monitor, protect' },
      expect.objectContaining({ path: 'ignored[0].from' }),
      { path: 'ignored[0].application', message: 'is missing' },
    ])
    expect(body.detail).toBe('There are 8 problems.')
    expect(revisions()).toEqual([2, 2, 1, 1])
  })

  test('rules that name a group the file does not have, when all is well otherwise', async () => {
    expect((await call('PUT', '/policy', yaml('groups: []\n'))).body.problems).toEqual([
      { path: 'rules[0].from', message: '`lb` is no group' },
    ])
    expect(revisions()).toEqual([2, 2, 1, 1])
  })

  test('based on another revision of any part, it is a conflict about that part', async () => {
    const { status, body } = await call('PUT', '/policy', yaml(text, '"2.1.1.1.1.1.1"'))
    expect({ status, revision: body.revision, ids: body.diff.map((c: { id: string }) => c.id) }).toEqual({
      status: 409,
      revision: '"2"',
      ids: ['dns', 'node-probes', 'web'],
    })
    expect((await call('PUT', '/policy?dryRun=true', yaml('ignored: []', '"2.1.1.1.1.1.1"'))).status).toBe(409)
    expect(revisions()).toEqual([2, 2, 1, 1])
  })
})

describe('history', () => {
  const edit = (revision: number, body: unknown) =>
    call('PATCH', '/rules/web', json(body, { 'if-match': `"${revision}"`, 'postern-author': 'ann' }))

  test('who changed what, newest first', async () => {
    await edit(2, { disabled: true })
    expect(await call('GET', '/history/rules?limit=2')).toEqual({
      status: 200,
      etag: '"3"',
      body: {
        revisions: [
          { document: 'rules', revision: 3, at: moment, author: 'cli:ann', summary: 'disable rule web' },
          { document: 'rules', revision: 2, at: moment, author: 'test', summary: 'given' },
        ],
      },
    })
  })

  test('an old revision as people write it, with what changed since; and back to it', async () => {
    await edit(2, { ports: '80,443' })
    const fields = (before: string, after: string) => [
      { document: 'rules', kind: 'changed', id: 'web', fields: [{ field: 'ports', before, after }] },
    ]
    expect((await call('GET', '/history/rules/2')).body).toEqual({
      document: 'rules',
      revision: 2,
      value: [webDocument],
      changes: fields('80', '80,443'),
    })
    expect(await call('POST', '/history/rules/2/restore', { headers: { 'if-match': '"3"' } })).toEqual({
      status: 200,
      etag: '"4"',
      body: { revision: 4, changes: fields('80,443', '80') },
    })
    expect(api.plane.store.read('rules').value).toEqual([web])
    expect(api.plane.store.history('rules', 1)[0]!.summary).toBe('restore revision 2')
  })

  test('a revision that would leave a rule without its group stays in the past', async () => {
    const { status, body } = await call('POST', '/history/groups/1/restore', { headers: { 'if-match': '"2"' } })
    expect({ status, problems: body.problems }).toEqual({
      status: 422,
      problems: [{ path: 'rules[0].from', message: '`lb` is no group' }],
    })
    await call('PUT', '/rules', json({ rules: [] }, { 'if-match': '"2"' }))
    await call('DELETE', '/groups/lb', { headers: { 'if-match': '"2"' } })
    expect((await call('POST', '/history/rules/2/restore', { headers: { 'if-match': '"3"' } })).status).toBe(422)
  })

  test('a revision that never was, a document that is none, and a stale base', async () => {
    expect((await call('GET', '/history/rules/99')).status).toBe(404)
    expect((await call('GET', '/history/roles')).status).toBe(422)
    expect((await call('POST', '/history/rules/1/restore', { headers: { 'if-match': '"1"' } })).status).toBe(409)
    expect((await call('POST', '/history/rules/1/restore')).status).toBe(428)
  })
})
