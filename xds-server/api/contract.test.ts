/** What the server answers is what the client reads: a field that the contract forgot would be lost on the wire. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { aFlow, aGroup, anHttp, aWorkload } from '../../test/support/builders.ts'
import type { Conversation, PosternEvent } from '../observe/model.ts'
import { applications } from '../policy/applications.ts'
import { defaultPolicy, defaultSettings } from '../policy/defaults.ts'
import { type Flow, reservedGroups, type Verdict, type Workload } from '../policy/model.ts'
import { parseRule, type RuleDocument } from '../policy/parse-rule.ts'
import type { Inspection } from '../policy/sensor.ts'
import type { CrsDocument, DlpSensorDocument, PatternDocument, WafSensorDocument } from '../policy/sensor-document.ts'
import { groupDocument, ignoredDocument, policyDocument, ruleDocument, settingsDocument } from './contract/documents.ts'
import { conversation, event } from './contract/observed.ts'
import { problemDocument } from './contract/problem.ts'
import { dlpSensorDocument, inspectionDocument, wafSensorDocument } from './contract/sensor-documents.ts'
import { previewedChange } from './contract/transfer.ts'
import { verdict, workload } from './contract/verdict.ts'
import { ApiError } from './problem.ts'
import { savedRule } from './saved-rule.ts'
import { aConversation, anEvent } from './testdata/harness.ts'

/** Every field there is: a new one in the model does not compile here until it is in the value. */
type Whole<T> = { [K in keyof T]-?: T[K] }

const pod: Whole<Workload> = aWorkload('ui', {
  ports: [{ port: 80, protocol: 'tcp', name: 'http' }],
}) as Whole<Workload>
const why: Verdict = {
  policy: 'deny',
  enforced: 'allow',
  rule: 'default',
  mode: { mode: 'monitor', reason: 'because' },
  decidedBy: 'destination',
  consequence: 'violation',
  trace: {
    source: { kind: 'external', ip: '192.0.2.1', groups: ['external', 'any'] },
    destination: { kind: 'workload', ip: '10.42.0.1', workload: pod, groups: ['nv.ui.yelb', 'any'] },
    misses: [{ rule: 'a', field: 'http' }],
    moreMisses: 3,
    sensors: { waf: [{ sensor: 'crs', action: 'deny' }], dlp: [] },
  } satisfies Whole<Verdict['trace']>,
}
const rule: Whole<RuleDocument> & { id: string } = {
  id: 'a',
  comment: 'c',
  from: 'any',
  to: 'any',
  applications: ['http'],
  ports: '80,udp/53',
  http: [anHttp({ headers: [{ name: 'x', present: true }], methods: ['GET'] })],
  action: 'deny',
  disabled: true,
  origin: 'learned',
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
}
const peer = { group: 'nv.ui.yelb', workload: 'ui', namespace: 'yelb', ip: '10.42.0.1' }
const happened: Whole<PosternEvent> = {
  ...anEvent(1),
  source: peer,
  destination: peer,
  port: 80,
  application: 'http',
  rule: 'a',
  action: 'denied',
  mode: 'protect',
  incident: 'abc',
  http: { method: 'GET', path: '/', host: 'ui' },
  trace: why,
  inspection: {
    sensor: 'crs',
    score: 5,
    partial: 'more than 131072 bytes',
    findings: [{ rule: '942100', severity: 'critical', message: 'm', where: 'ARGS:q', sample: '4***' }],
  },
}
const spoken: Whole<Conversation> = aConversation('any', 'any', {
  evidence: { sourceIps: ['192.0.2.1'], destinationIps: [], requests: { 'GET /': 1 }, inspection: 'denied' },
})
const flow: Whole<Flow> = {
  ...aFlow('192.0.2.1', '192.0.2.2'),
  application: 'grpc',
  http: { method: 'POST', path: '/a.B/C', host: 'x', headers: { a: 'b' }, grpc: 'a.B/C' },
  serverName: 'x.example',
}
const groups = [
  aGroup('nv.a.b', { mode: 'protect', comment: 'c' }),
  aGroup('c', { criteria: [{ key: 'label.app', op: '!~', value: 'x' }] }),
  aGroup('d', { addresses: ['192.0.2.0/24'] }),
]

const pattern: Whole<PatternDocument> = {
  have: false,
  contexts: ['url'],
  atLeast: 2,
  ignoreCase: true,
  regex: 'a',
  detector: 'card',
  words: ['b'],
  wholeWords: false,
  salt: 'AAAA',
  hashes: ['c'],
  lengths: [7],
}
const sensorRest = { comment: 'c', rules: [{ name: 'r', patterns: [pattern] }] }
const wafSensor: Whole<WafSensorDocument> = {
  name: 'w',
  ...sensorRest,
  crs: {
    ruleSet: 'base',
    paranoia: 4,
    inboundThreshold: 7,
    outboundThreshold: 8,
    exclusions: [
      { ids: ['1-2'] },
      { tags: ['t'] },
      { targets: ['ARGS:a'], ids: ['3'] },
      { targets: ['ARGS'], tags: ['u'] },
    ],
    responses: true,
  } satisfies Whole<CrsDocument>,
  body: { inspectBytes: 1, pastLimit: 'pass' },
}
const dlpSensor: Whole<DlpSensorDocument> = { name: 'd', ...sensorRest, mask: true, body: wafSensor.body }
const inspection: Whole<Inspection> = {
  group: 'nv.a.b',
  waf: [{ sensor: 'w', action: 'deny' }],
  dlp: [{ sensor: 'd', action: 'allow' }],
  onFailure: 'failOpen',
}

const cases: readonly (readonly [string, z.ZodType, unknown])[] = [
  ['a workload', workload, pod],
  ['a verdict', verdict, why],
  ['a rule', ruleDocument, rule],
  ['settings', settingsDocument, defaultSettings],
  ['an ignored conversation', ignoredDocument, { from: 'any', to: 'any', application: 'ssh' }],
  ['an event', event, happened],
  ['a conversation', conversation, spoken],
  ['a previewed change', previewedChange, { flow, count: 2, before: why, after: why }],
  ['a WAF sensor', wafSensorDocument, wafSensor],
  ['a DLP sensor', dlpSensorDocument, dlpSensor],
  ['an inspection', inspectionDocument, inspection],
  [
    'a policy',
    policyDocument,
    {
      ...defaultPolicy(''),
      groups,
      rules: [rule],
      wafSensors: [wafSensor],
      dlpSensors: [dlpSensor],
      inspections: [inspection],
    },
  ],
  ['a problem', problemDocument, new ApiError('conflict', 'd', { diff: [], revision: '"1"' }).document()],
  ...groups.map((group) => [`a ${group.kind} group`, groupDocument, group] as const),
]

describe('nothing is lost on the wire', () => {
  test.each(cases)('%s', (_, schema, value) => {
    expect(schema.parse(JSON.parse(JSON.stringify(value)))).toEqual(value)
  })

  test('any rule the parser accepts is read back the same by the client', () => {
    const some = <T>(item: fc.Arbitrary<T>) => fc.option(fc.array(item, { maxLength: 3 }), { nil: undefined })
    const name = fc.constantFrom(...reservedGroups, 'nv.a.b', 'web')
    const written = fc.record(
      {
        id: fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/),
        from: name,
        to: name,
        comment: fc.string(),
        applications: some(fc.constantFrom(...(Object.keys(applications) as string[]))),
        ports: fc.constantFrom('any', '80', '80,443', 'udp/53', '8500-8508'),
        http: some(
          fc.record(
            { methods: some(fc.constantFrom('GET', 'post')), paths: some(fc.constantFrom('/a', '/b/*')) },
            { requiredKeys: [] },
          ),
        ),
        action: fc.constantFrom('allow', 'deny'),
        disabled: fc.boolean(),
      },
      { requiredKeys: ['from', 'to', 'action'] },
    )
    fc.assert(
      fc.property(written, (input) => {
        const parsed = parseRule(input)
        if (!parsed.ok) return
        const wire = JSON.parse(JSON.stringify(savedRule(parsed.value)))
        const read = ruleDocument.parse(wire)
        expect(read).toEqual(wire)
        expect(parseRule(read)).toEqual(parsed)
      }),
    )
  })
})
