import { describe, expect, test } from 'vitest'
import { aGroup } from '../../test/support/builders.ts'
import { json } from '../../test/support/over-socket.ts'
import type { Inspection } from '../policy/sensor.ts'
import { predefinedDlpSensors, predefinedWafSensors } from '../policy/sensor.ts'
import { at, planeForEachTest } from './testdata/each-test.ts'

const api = planeForEachTest()
const { call, restart } = api

const log4j = { name: 'mine', comment: 'ours', rules: [{ name: 'Log4j', patterns: [{ regex: 'jndi' }] }] }
const customers = { name: 'customers', rules: [{ name: 'numbers', patterns: [{ regex: 'C-\\d{6}', atLeast: 3 }] }] }
const stored = {
  waf: () => api.plane.store.read('wafSensors').value,
  dlp: () => api.plane.store.read('dlpSensors').value,
  inspections: () => api.plane.store.read('inspections').value,
}
const bound = (group: string, over: Partial<Inspection> = {}): Inspection => ({
  group,
  waf: [],
  dlp: [],
  onFailure: 'failClosed',
  ...over,
})
const alerting = (sensor: string) => ({ sensor, action: 'allow' as const })

describe('sensors', () => {
  test('the predefined ones are there from the start, read-only', async () => {
    const waf = await call('GET', '/waf-sensors')
    expect({ etag: waf.etag, revision: waf.body.revision, total: waf.body.total }).toEqual({
      etag: '"1"',
      revision: 1,
      total: predefinedWafSensors.length,
    })
    expect(waf.body.sensors[1]).toEqual({
      predefined: true,
      groups: [],
      sensor: { name: 'crs', comment: 'OWASP Core Rule Set, paranoia level 1', crs: {} },
    })
    const dlp = await call('GET', '/dlp-sensors?limit=1&offset=1')
    expect([dlp.body.total, dlp.body.sensors[0].sensor.name]).toEqual([predefinedDlpSensors.length, 'secrets'])
    expect(await call('PUT', '/waf-sensors/crs', at(1, { sensor: { name: 'crs', crs: {} } }))).toMatchObject({
      status: 422,
      body: {
        problems: [{ path: 'sensor.name', message: '`crs` is a predefined sensor: copy it under another name' }],
      },
    })
    expect(await call('DELETE', '/dlp-sensors/ssn', at(1))).toMatchObject({
      status: 422,
      body: { problems: [{ path: 'params.name', message: 'ssn is predefined: it stays' }] },
    })
  })

  test('one is made, read as short as it was written, changed, and goes again', async () => {
    const put = await call('PUT', '/waf-sensors/mine', at(1, { sensor: log4j }))
    expect(put).toEqual({ status: 200, etag: '"2"', body: { sensor: log4j } })
    expect(stored.waf()[0]).toMatchObject({ name: 'mine', crs: null, body: { inspectBytes: 131_072 } })
    expect((await call('GET', '/waf-sensors/mine')).body).toEqual({ predefined: false, groups: [], sensor: log4j })
    expect(await call('PUT', '/waf-sensors/a', at(2, { sensor: { name: 'a', crs: {} } }))).toMatchObject({
      status: 200,
    })
    expect(stored.waf().map(({ name }) => name)).toEqual(['a', 'mine'])
    expect(await call('DELETE', '/waf-sensors/mine', at(3))).toEqual({
      status: 200,
      etag: '"4"',
      body: { name: 'mine' },
    })
    expect((await call('DELETE', '/waf-sensors/mine', at(4))).body.detail).toBe('There is no WAF sensor mine.')
    expect((await call('GET', '/waf-sensors/mine')).status).toBe(404)
  })

  test('the same for DLP, in a document of its own', async () => {
    const put = await call('PUT', '/dlp-sensors/customers', at(1, { sensor: customers }))
    expect(put).toEqual({ status: 200, etag: '"2"', body: { sensor: customers } })
    expect([stored.dlp().length, stored.waf().length]).toEqual([1, 0])
    expect((await call('GET', '/dlp-sensors/customers')).body.sensor).toEqual(customers)
    expect((await call('DELETE', '/dlp-sensors/customers', at(2))).status).toBe(200)
  })

  test('whoever comes second sees what changed, before anything else is said', async () => {
    await call('PUT', '/waf-sensors/mine', at(1, { sensor: log4j }))
    const changed = { ...log4j, comment: '', rules: [{ name: 'b', patterns: [{ regex: 'x' }] }] }
    await call('PUT', '/waf-sensors/mine', at(2, { sensor: changed }))
    const { status, body } = await call('DELETE', '/waf-sensors/mine', at(2))
    expect({ status, diff: body.diff, revision: body.revision }).toEqual({
      status: 409,
      diff: [
        {
          document: 'wafSensors',
          id: 'mine',
          kind: 'changed',
          fields: [
            { field: 'comment', before: 'ours', after: '' },
            { field: 'rules', before: log4j.rules, after: changed.rules },
          ],
        },
      ],
      revision: '"3"',
    })
    expect((await call('DELETE', '/waf-sensors/mine')).status).toBe(428)
  })

  test('what changed is told as people write it, for DLP, too', async () => {
    await call('PUT', '/dlp-sensors/customers', at(1, { sensor: customers }))
    const rules = [{ name: 'r', patterns: [{ detector: 'iban' }] }]
    await call('PUT', '/dlp-sensors/customers', at(2, { sensor: { ...customers, rules } }))
    expect((await call('GET', '/history/dlpSensors/2')).body.changes).toEqual([
      {
        document: 'dlpSensors',
        id: 'customers',
        kind: 'changed',
        fields: [{ field: 'rules', before: customers.rules, after: rules }],
      },
    ])
  })

  test('everything that is wrong with one, in one answer', async () => {
    const sensor = { name: 'b', rules: [{ name: 'r', patterns: [{ regex: '' }, { detector: 'card' }] }] }
    expect((await call('PUT', '/waf-sensors/b', at(1, { sensor }))).body.problems).toEqual([
      { path: 'sensor.rules[0].patterns[0].regex', message: 'is empty: it would be found everywhere' },
      { path: 'sensor.rules[0].patterns[1]', message: 'must have one of regex, words' },
    ])
    expect((await call('PUT', '/waf-sensors/b', at(1, { sensor: log4j }))).body.problems).toEqual([
      { path: 'sensor.name', message: 'is mine, and the address says b' },
    ])
  })

  test('a long one: exact data by the hundred thousand', async () => {
    const hashes = Array.from({ length: 100_000 }, (_, i) => i.toString(16).padStart(32, '0'))
    const patterns = [{ salt: 'c2FsdA==', hashes, lengths: [7] }]
    const sensor = { name: 'exact', rules: [{ name: 'r', patterns }] }
    expect((await call('PUT', '/dlp-sensors/exact', at(1, { sensor }))).status).toBe(200)
  })
})

describe('patterns that do not compile', () => {
  const problem = { path: 'rules[0].patterns[0].regex', message: 'there is no end to [ at 3' }
  const broken = { ...customers, rules: [{ name: 'r', patterns: [{ regex: 'abc[' }] }] }
  const checkSensor = (sensor: { readonly rules: readonly unknown[] }) =>
    JSON.stringify(sensor.rules).includes('abc[') ? [problem] : []

  test('are refused with their place wherever a sensor comes in', async () => {
    await restart({ checkSensor })
    const problems = (place: string) => [{ ...problem, path: `${place}.${problem.path}` }]
    const put = await call('PUT', '/dlp-sensors/customers', at(1, { sensor: broken }))
    expect([put.status, put.body.problems]).toEqual([422, problems('sensor')])
    const draft = { dlpSensors: [{ ...customers, name: 'a' }, broken] }
    const imported = await call('PUT', '/policy', json(draft, { 'if-match': '*' }))
    expect([imported.status, imported.body.problems]).toEqual([422, problems('dlpSensors[1]')])
    expect(stored.dlp()).toEqual([])
  })

  test('a sensor that is stored already keeps nobody from anything else', async () => {
    await call('PUT', '/dlp-sensors/customers', at(1, { sensor: broken }))
    const policy = { dlpSensors: stored.dlp() }
    await restart({ checkSensor, policy })
    const others = { dlpSensors: [...policy.dlpSensors, { ...customers, name: 'more' }] }
    expect((await call('PUT', '/policy', json(others, { 'if-match': '*' }))).body.changes).toMatchObject([
      { document: 'dlpSensors', id: 'more', kind: 'added', after: { ...customers, name: 'more' } },
    ])
    expect((await call('DELETE', '/dlp-sensors/customers', at(3))).status).toBe(200)
    expect((await call('POST', '/history/dlpSensors/2/restore', at(4))).body.problems).toEqual([
      { ...problem, path: `dlpSensors[0].${problem.path}` },
    ])
  })
})

describe('bindings', () => {
  const web = aGroup('web', { criteria: [{ key: 'service', op: '=', value: 'ui' }] })
  const nothing = aGroup('lb', { addresses: ['192.0.2.1'] })

  test('a group gets sensors, shows them, and loses them', async () => {
    const inspection = { group: 'nv.ui.yelb', waf: [{ sensor: 'crs', action: 'deny' }, { sensor: 'base' }] }
    const saved = bound('nv.ui.yelb', { waf: [{ sensor: 'crs', action: 'deny' }, alerting('base')] })
    expect(await call('PUT', '/groups/nv.ui.yelb/inspection', at(1, { inspection }))).toEqual({
      status: 200,
      etag: '"2"',
      body: { inspection: saved },
    })
    expect((await call('GET', '/inspections')).body).toEqual({ revision: 2, total: 1, inspections: [saved] })
    expect((await call('GET', '/groups/nv.ui.yelb')).body.group.inspection).toEqual(saved)
    expect((await call('GET', '/waf-sensors/crs')).body.groups).toEqual(['nv.ui.yelb'])
    expect(await call('DELETE', '/groups/nv.ui.yelb/inspection', at(2))).toEqual({
      status: 200,
      etag: '"3"',
      body: { group: 'nv.ui.yelb' },
    })
    expect((await call('DELETE', '/groups/nv.ui.yelb/inspection', at(3))).body.detail).toBe(
      'There is no inspection of nv.ui.yelb.',
    )
  })

  test('only of sensors that are there, and to groups of workloads', async () => {
    await restart({ policy: { groups: [web, nothing] } })
    const put = (group: string, inspection: unknown) =>
      call('PUT', `/groups/${group}/inspection`, at(1, { inspection }))
    expect((await put('lb', { group: 'lb', waf: [{ sensor: 'csr' }, { sensor: 'ssn' }] })).body.problems).toEqual([
      { path: 'inspection.group', message: '`lb` is no group of workloads' },
      { path: 'inspection.waf[0].sensor', message: '`csr` is no WAF sensor; did you mean `crs`?' },
      { path: 'inspection.waf[1].sensor', message: '`ssn` is no WAF sensor' },
    ])
    expect((await put('web', { group: 'lb' })).body.problems).toEqual([
      { path: 'inspection.group', message: 'is lb, and the address says web' },
    ])
  })

  test('what is bound stays until nothing needs it', async () => {
    await restart({ policy: { groups: [nothing, web], dlpSensors: [], inspections: [bound('web')] } })
    await call('PUT', '/dlp-sensors/customers', at(1, { sensor: customers }))
    const inspection = bound('web', { dlp: [alerting('customers')] })
    await call('PUT', '/groups/web/inspection', at(2, { inspection }))
    expect((await call('DELETE', '/dlp-sensors/customers', at(2))).body.problems).toEqual([
      { path: 'inspections[0].dlp[0].sensor', message: '`customers` is no DLP sensor' },
    ])
    const noGroup = { path: 'inspections[0].group', message: '`web` is no group of workloads' }
    expect((await call('DELETE', '/groups/web', at(2))).body.problems).toEqual([noGroup])
    const addresses = { name: 'web', addresses: ['192.0.2.7'] }
    expect((await call('PUT', '/groups/web', at(2, { group: addresses }))).body.problems).toEqual([noGroup])
    expect((await call('POST', '/history/groups/1/restore', at(2))).body.problems).toEqual([noGroup])
    expect((await call('POST', '/history/dlpSensors/1/restore', at(2))).status).toBe(422)
    expect((await call('DELETE', '/groups/lb', at(2))).status).toBe(200)
    expect((await call('DELETE', '/groups/web/inspection', at(3))).status).toBe(200)
    expect((await call('DELETE', '/dlp-sensors/customers', at(2))).status).toBe(200)
    expect((await call('POST', '/history/inspections/3/restore', at(4))).body.problems).toEqual([
      { path: 'inspections[0].dlp[0].sensor', message: '`customers` is no DLP sensor' },
    ])
  })

  test('are told with the decision about a flow', async () => {
    const inspection = { group: 'nv.appserver.yelb', waf: [{ sensor: 'crs', action: 'deny' }] }
    await call('PUT', '/groups/nv.appserver.yelb/inspection', at(1, { inspection }))
    const why = await call('GET', '/why?source=ui&destination=appserver&port=80&application=http')
    expect(why.body.verdict.trace.sensors).toEqual({ waf: [{ sensor: 'crs', action: 'deny' }], dlp: [] })
  })
})

test('the history has sensors as they are written', async () => {
  await call('PUT', '/waf-sensors/mine', at(1, { sensor: log4j }))
  expect((await call('GET', '/history/wafSensors/2')).body).toMatchObject({ value: [log4j], changes: [] })
  expect((await call('GET', '/history/wafSensors/1')).body.changes).toEqual([
    { document: 'wafSensors', id: 'mine', kind: 'added', after: log4j },
  ])
})
