import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Inspecting, inspectOf, profileIn } from './compile/inspect-filter.ts'
import type { Compiled, Resource } from './compile/model.ts'
import { introduction, maxHeldMs } from './introduction.ts'
import { planOf } from './policy/inspection-plan.ts'
import { sensorsOf } from './policy/profiles.ts'
import type { InspectionProfile } from './policy/sensor.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const policy = (id: string, enforce: boolean): InspectionProfile => ({
  id,
  enforce,
  waf: [],
  dlp: [],
  onFailure: 'failClosed',
})
const plan = planOf(policy('', true), sensorsOf({ wafSensors: [], dlpSensors: [] }))

/** Of one class, whose filter asks by this profile (or by none), and which has a rule of this name. */
const aWorld = (id?: string, enforce = true, rule = 'r', filter = 'in|80|#rest|inspect'): Compiled => {
  const inspecting: Inspecting =
    id === undefined
      ? { kind: 'nothing' }
      : { kind: enforce ? 'inline' : 'observe', profile: policy(id, enforce), plan }
  const extension = (name: string, typed_config: object) =>
    ({ type: 'extension', name, body: { name, typed_config }, rules: [] }) as const
  const resources = [
    extension('in|80|#rest|http', { rule }),
    extension(
      filter,
      inspectOf(inspecting, () => 't'),
    ),
  ]
  const profiles = id === undefined ? [] : [policy(id, enforce)]
  return {
    classes: new Map([['c', { key: 'c', learned: 'c', resources, rights: [] }]]),
    classOf: new Map(),
    prefixes: [],
    status: [],
    inspection: { wafSensors: [], dlpSensors: [], profiles },
  }
}
/** Rule and profile that sidecars go by. */
const inForce = ({ classes }: Compiled) => {
  const [table, filter] = classes.get('c')!.resources as [Resource, Resource]
  return [(table.body as { typed_config: { rule: string } }).typed_config.rule, profileIn(filter.body)]
}

function begin(answers: boolean = true) {
  const [known, published, asked] = [new Set<string>(), [] as Compiled[], [] as string[]]
  const it = { answers }
  const gate = introduction({
    knows(id) {
      asked.push(id)
      return it.answers ? Promise.resolve(known.has(id)) : undefined
    },
    publish: (compiled) => published.push(compiled),
  })
  return { gate, known, published, asked, it, passes: (ms: number) => vi.advanceTimersByTimeAsync(ms) }
}

test('nothing that must be known: at once', () => {
  const { gate, published, asked } = begin()
  gate.offer(aWorld('p', false))
  expect([published.map(inForce), asked]).toEqual([[['r', 'p']], []])
})

test('the first World waits for what must be known, which is never asked for again', async () => {
  const { gate, known, published, asked, passes } = begin()
  const first = aWorld('p')
  gate.offer(first)
  await passes(1_000)
  expect(published).toEqual([])
  known.add('p')
  await passes(200)
  expect(published).toEqual([first])
  const [count, again] = [asked.length, aWorld('p', true, 'other')]
  gate.offer(again)
  expect([published, asked.length]).toEqual([[first, again], count])
})

test('rules are in force at once; the filter stays what it was until the new one can be answered', async () => {
  const { gate, known, published, passes } = begin()
  known.add('old')
  gate.offer(aWorld('old'))
  await passes(0)
  gate.offer(aWorld('new', true, 'edited'))
  gate.offer(aWorld('new', true, 'again'))
  expect(published.map(inForce)).toEqual([
    ['r', 'old'],
    ['edited', 'old'],
    ['again', 'old'],
  ])
  known.add('new')
  await passes(200)
  expect(published.map(inForce).slice(3)).toEqual([['again', 'new']])
})

test('a filter that was not there before keeps its World waiting; one that needs nothing waits for nobody', async () => {
  const { gate, published, passes } = begin()
  gate.offer(aWorld())
  gate.offer(aWorld('p', true, 'split', 'in|80|nv.web|inspect'))
  await passes(1_000)
  expect(published.map(inForce)).toEqual([['r', undefined]])
  gate.offer(aWorld(undefined, false, 'unbound'))
  await passes(maxHeldMs * 2)
  expect(published.map(inForce).slice(1)).toEqual([['unbound', undefined]])
})

test('nothing is held for ever, nor while nobody answers', async () => {
  const { gate, published, it, passes } = begin()
  const world = aWorld('p')
  gate.offer(world)
  await passes(maxHeldMs + 1_000)
  expect(published).toEqual([world])
  it.answers = false
  const next = aWorld('q')
  gate.offer(next)
  await passes(0)
  expect(published.at(-1)).toEqual(next)
})
