import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aDlpSensor, anInspection, aWafSensor, aWorkload, aWorld } from '../../test/support/builders.ts'
import { decide } from './decide.ts'
import { directory } from './directory.ts'
import { maxUploadBytes, planOf } from './inspection-plan.ts'
import type { Endpoint } from './model.ts'
import { bindingsFor, inspectionSetOf, probeProfile, profileOf, sensorsOf } from './profiles.ts'
import type { Inspection, SensorAction } from './sensor.ts'
import { predefinedDlpSensors, predefinedWafSensors } from './sensor.ts'

const names = ['a', 'b', 'c']
const sensors = ['s', 't', 'u']

const list = fc.uniqueArray(
  fc.record({ sensor: fc.constantFrom(...sensors), action: fc.constantFrom<SensorAction[]>('allow', 'deny') }),
  { selector: ({ sensor }) => sensor, maxLength: 3 },
)
const inspection = fc.record({
  group: fc.constantFrom(...names),
  waf: list,
  dlp: list,
  onFailure: fc.constantFrom<Inspection['onFailure'][]>('failClosed', 'failOpen'),
})
const inspections = fc.uniqueArray(inspection, { selector: ({ group }) => group, maxLength: 3 })
const end = fc.record({
  kind: fc.constantFrom<Endpoint['kind'][]>('workload', 'external', 'node'),
  groups: fc.subarray(names),
})

type Case = { readonly source: typeof end extends fc.Arbitrary<infer E> ? E : never }

/** Word by word: is this sensor of this group for this flow? */
function concerns(kind: 'waf' | 'dlp', group: string, source: Case['source'], destination: Case['source']): boolean {
  const [isFrom, isTo] = [source.groups.includes(group), destination.groups.includes(group)]
  if (kind === 'dlp') return (isFrom && !isTo) || (isTo && !isFrom)
  return isTo || (isFrom && destination.kind === 'external')
}

test('each sensor of each group is there exactly where its words say, with the strictest action', () => {
  fc.assert(
    fc.property(inspections, end, end, (all, source, destination) => {
      const got = bindingsFor({ inspections: all }, source, destination)
      let contributed: Inspection[] = []
      for (const kind of ['waf', 'dlp'] as const) {
        const expected: Record<string, string> = {}
        for (const one of all) {
          if (!concerns(kind, one.group, source, destination) || one[kind].length === 0) continue
          contributed = [...contributed, one]
          for (const { sensor, action } of one[kind]) if (expected[sensor] !== 'deny') expected[sensor] = action
        }
        expect(Object.fromEntries(got[kind].map(({ sensor, action }) => [sensor, action]))).toEqual(expected)
        expect(got[kind].map(({ sensor }) => sensor)).toEqual(Object.keys(expected).sort())
      }
      const closed = contributed.some(({ onFailure }) => onFailure === 'failClosed')
      expect(got.onFailure).toBe(closed ? 'failClosed' : 'failOpen')
    }),
    { numRuns: 2_000 },
  )
})

const shop = aWorld({
  workloads: [aWorkload('web'), aWorkload('db'), aWorkload('old', { managed: false })],
  wafSensors: [aWafSensor('mine')],
  dlpSensors: [aDlpSensor('cards', { mask: true })],
  inspections: [
    anInspection('nv.db.yelb', {
      waf: [{ sensor: 'crs', action: 'deny' }],
      dlp: [{ sensor: 'cards', action: 'deny' }],
    }),
    anInspection('nv.web.yelb', { waf: [{ sensor: 'mine', action: 'allow' }], onFailure: 'failOpen' }),
  ],
})
const now = directory(shop)
const at = (id: string): Endpoint => {
  const workload = shop.inventory.workloads.find((one) => one.id === id)
  return now.endpoint(workload?.ips[0] ?? id)
}
const between = (from: string, to: string) => bindingsFor(shop.policy, at(from), at(to))

describe('who is inspected', () => {
  test('into a group: its WAF sensors, and DLP sensors from outside of it', () => {
    expect(between('web', 'db')).toEqual({
      waf: [{ sensor: 'crs', action: 'deny' }],
      dlp: [{ sensor: 'cards', action: 'deny' }],
      onFailure: 'failClosed',
    })
    expect(between('db', 'db').dlp).toEqual([])
  })

  test('out of a group: DLP sensors; WAF sensors only out of the cluster', () => {
    expect(between('db', 'old')).toMatchObject({ waf: [], dlp: [{ sensor: 'cards' }] })
    expect(between('db', '203.0.113.7').waf).toEqual([{ sensor: 'crs', action: 'deny' }])
    expect(between('web', 'old')).toEqual({ waf: [], dlp: [], onFailure: 'failOpen' })
  })
})

test('a verdict says which sensors look at the flow', () => {
  const sensorsOn = (from: string, to: string) =>
    decide({ source: at(from).ip, destination: at(to).ip, port: 80, protocol: 'tcp' }, now).trace.sensors
  expect(sensorsOn('web', 'db')).toEqual({
    waf: [{ sensor: 'crs', action: 'deny' }],
    dlp: [{ sensor: 'cards', action: 'deny' }],
  })
  expect(sensorsOn('web', 'old')).toBeUndefined()
})

const all = sensorsOf(shop.policy)

describe('a profile', () => {
  test('nothing bound, or nothing that is there: none', () => {
    expect(profileOf({ waf: [], dlp: [], onFailure: 'failOpen' }, true, all)).toBeUndefined()
    const gone = { waf: [{ sensor: 'gone', action: 'deny' }], dlp: [], onFailure: 'failClosed' } as const
    expect(profileOf(gone, true, all)).toBeUndefined()
  })

  test('enforces in Protect, and only where something would be denied', () => {
    const denied = between('web', 'db')
    expect(profileOf(denied, true, all)).toMatchObject({ enforce: true, onFailure: 'failClosed' })
    expect(profileOf(denied, false, all)).toMatchObject({ enforce: false, onFailure: 'failOpen' })
    const alert = { waf: [{ sensor: 'mine', action: 'allow' }], dlp: [], onFailure: 'failClosed' } as const
    expect(profileOf(alert, true, all)).toMatchObject({ enforce: false, onFailure: 'failOpen' })
  })

  test('is called after all that it means: the contents of its sensors, and not what people say of them', () => {
    const id = (...dlp: Parameters<typeof aDlpSensor>[1][]) =>
      profileOf(
        between('web', 'db'),
        true,
        sensorsOf({ wafSensors: [], dlpSensors: dlp.map((o) => aDlpSensor('cards', o)) }),
      )?.id
    expect(id({})).toMatch(/^[0-9a-f]{32}$/)
    expect(id({ comment: 'said better' })).toBe(id({}))
    expect(id({ mask: true })).not.toBe(id({}))
    expect(profileOf(between('web', 'db'), false, all)?.id).not.toBe(profileOf(between('web', 'db'), true, all)?.id)
  })
})

test('the classifier gets each profile once, the sensors they name, and the probe', () => {
  const profile = profileOf(between('web', 'db'), true, all)!
  expect(inspectionSetOf([profile, profile], all)).toEqual({
    wafSensors: [predefinedWafSensors.find(({ name }) => name === 'crs')],
    dlpSensors: shop.policy.dlpSensors,
    profiles: [profile, probeProfile],
  })
})

test('a predefined name means the predefined sensor', () => {
  const taken = sensorsOf({ wafSensors: [aWafSensor('crs')], dlpSensors: [aDlpSensor('ssn')] })
  expect(taken.waf.get('crs')).toBe(predefinedWafSensors.find(({ name }) => name === 'crs'))
  expect(taken.dlp.get('ssn')).toBe(predefinedDlpSensors.find(({ name }) => name === 'ssn'))
})

describe('what must be seen', () => {
  const { crs } = predefinedWafSensors.find(({ name }) => name === 'crs')!
  const plan = (
    enforced: boolean,
    waf: Partial<ReturnType<typeof aWafSensor>>,
    dlp?: Parameters<typeof aDlpSensor>[1],
  ) => {
    const known = sensorsOf({ wafSensors: [aWafSensor('w', waf)], dlpSensors: [aDlpSensor('d', dlp)] })
    const bound = (sensor: string, wanted: boolean) => (wanted ? [{ sensor, action: 'deny' } as const] : [])
    const bindings = { waf: bound('w', true), dlp: bound('d', dlp !== undefined), onFailure: 'failClosed' } as const
    return planOf(profileOf(bindings, enforced, known)!, known)
  }
  const body = { inspectBytes: 1_000, pastLimit: 'deny' } as const
  const nothing = {
    requestBytes: 0,
    uploadBytes: 0,
    requestPastLimit: 'pass',
    responses: false,
    responseBytes: 0,
    responsePastLimit: 'pass',
    masks: false,
  }
  const pattern = { kind: 'regex', regex: 'x', ignoreCase: false, have: true, atLeast: 1 } as const

  test('rules about the head need no body; a rule set does', () => {
    const rules = [{ name: 'r', patterns: [{ ...pattern, contexts: ['url', 'header'] as const }] }]
    expect(plan(true, { rules })).toEqual(nothing)
    const limits = { requestBytes: 1_000, uploadBytes: maxUploadBytes, requestPastLimit: 'deny' }
    expect(plan(true, { crs, body })).toEqual({ ...nothing, ...limits })
  })

  test('responses: a rule set that is asked to, and every DLP sensor that looks at more than URLs', () => {
    expect(plan(true, { crs: { ...crs!, responses: true }, body })).toMatchObject({
      responses: true,
      responseBytes: 1_000,
    })
    const larger = { inspectBytes: 5_000, pastLimit: 'pass' } as const
    expect(plan(true, { crs, body }, { body: larger, mask: true })).toEqual({
      requestBytes: 5_000,
      uploadBytes: maxUploadBytes,
      requestPastLimit: 'deny',
      responses: true,
      responseBytes: 5_000,
      responsePastLimit: 'pass',
      masks: true,
    })
    const url = [{ name: 'r', patterns: [{ ...pattern, contexts: ['url'] as const }] }]
    expect(plan(true, {}, { rules: url })).toEqual(nothing)
  })

  test('where nothing is enforced nothing is refused for its size, and nothing overwritten', () => {
    expect(plan(false, { crs, body }, { mask: true })).toMatchObject({ requestPastLimit: 'pass', masks: false })
  })
})
