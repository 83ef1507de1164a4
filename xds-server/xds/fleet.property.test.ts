import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aCompiled, aResource, type Connection, createHarness, type Harness } from '../../test/support/xds/harness.ts'
import type { Received } from '../../test/support/xds/simulated-envoy.ts'
import { type Compiled, type ResourceType, resourceTypes } from '../compile/model.ts'

const classes = ['red', 'blue'] as const
const pods = ['p0', 'p1', 'p2', 'p3'] as const
const names: Record<ResourceType, readonly string[]> = {
  cluster: ['c0', 'c1'],
  extension: ['e0', 'e1', 'e2'],
  listener: ['l0', 'l1', 'l2'],
}
const everyName = resourceTypes.flatMap((type) => names[type].map((name) => ({ type, name })))

/** Content per name, `-` is absent, `bad…` is what every Envoy refuses. */
type Content = Readonly<Record<string, string>>
type World = { readonly content: Readonly<Record<string, Content>>; readonly classOf: Readonly<Record<string, string>> }

const text = (className: string, { type, name }: (typeof everyName)[number], content: string) =>
  `${className}/${type}/${name}/${content}`
const compiledOf = (world: World): Compiled =>
  aCompiled(
    Object.fromEntries(
      classes.map((className) => [
        className,
        everyName.flatMap((each) => {
          const content = world.content[className]![each.name]!
          return content === '-' ? [] : [aResource(each.type, each.name, text(className, each, content))]
        }),
      ]),
    ),
    world.classOf,
  )

const contains = (resource: Received, part: string) => Buffer.from(resource.value).includes(part)
const objection = (_type: ResourceType, resource: Received) => (contains(resource, '/bad') ? 'bad' : undefined)

type Command =
  | { readonly kind: 'publish'; readonly world: World }
  | {
      readonly kind: 'connect'
      readonly pod: string
      readonly protocol: 'delta' | 'sotw'
      readonly version: string
      readonly names: string[]
    }
  | { readonly kind: 'reconnect' | 'disconnect'; readonly at: number }
  | { readonly kind: 'subscribe' | 'unsubscribe'; readonly at: number; readonly name: string }
  | { readonly kind: 'toServer' | 'toEnvoy'; readonly at: number }
  | { readonly kind: 'turn' }
  | { readonly kind: 'tick'; readonly ms: number }
  | { readonly kind: 'settle' }

const content = fc.constantFrom('-', '1', '2', '3', 'bad1', 'bad2')
const world: fc.Arbitrary<World> = fc.record({
  content: fc.record({
    red: fc.record(Object.fromEntries(everyName.map(({ name }) => [name, content]))),
    blue: fc.record(Object.fromEntries(everyName.map(({ name }) => [name, content]))),
  }) as fc.Arbitrary<World['content']>,
  classOf: fc.dictionary(fc.constantFrom(...pods), fc.constantFrom(...classes)),
})
const at = fc.nat({ max: 5 })
const extension = fc.constantFrom(...names.extension, 'e9')
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('publish' as const), world }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('connect' as const),
      pod: fc.constantFrom(...pods),
      protocol: fc.constantFrom('delta' as const, 'sotw' as const),
      version: fc.constantFrom('1.40.0', '1.41.0'),
      names: fc.uniqueArray(extension),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('reconnect' as const, 'disconnect' as const), at }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('subscribe' as const, 'unsubscribe' as const), at, name: extension }),
  },
  { weight: 12, arbitrary: fc.record({ kind: fc.constantFrom('toServer' as const, 'toEnvoy' as const), at }) },
  { weight: 8, arbitrary: fc.constant({ kind: 'turn' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('tick' as const), ms: fc.constantFrom(500, 2500, 6000) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'settle' as const }) },
)

const pick = (harness: Harness, index: number): Connection | undefined =>
  [...harness.connections][index % Math.max(1, harness.connections.size)]

function run(harness: Harness, each: Command): void {
  switch (each.kind) {
    case 'publish':
      harness.fleet.publish(compiledOf(each.world))
      return
    case 'connect':
      if (harness.connections.size < 6)
        harness.connect({ id: each.pod, protocol: each.protocol, version: each.version, objection }, each.names)
      return
    case 'turn':
      harness.turn()
      return
    case 'tick':
      harness.tick(each.ms)
      return
    case 'settle':
      harness.settle()
      return
    default: {
      const connection = pick(harness, each.at)
      if (connection) runOn(harness, connection, each)
    }
  }
}

function runOn(harness: Harness, connection: Connection, each: Extract<Command, { at: number }>): void {
  const { envoy } = connection
  const options = { id: envoy.id, protocol: envoy.protocol, objection }
  if (each.kind === 'toServer') harness.deliverToServer(connection)
  else if (each.kind === 'toEnvoy') harness.deliverToEnvoy(connection)
  else if (each.kind === 'subscribe') envoy.subscribe('extension', [each.name])
  else if (each.kind === 'unsubscribe') {
    if (envoy.wanted.extension.has(each.name)) envoy.unsubscribe('extension', [each.name])
  } else {
    harness.disconnect(connection)
    if (each.kind === 'reconnect') harness.connect(options, [...envoy.wanted.extension], envoy.held)
  }
}

/** The rules of the wire, of every response ever sent on a stream. */
function checkDeliveries({ envoy }: Connection): void {
  const nonces = envoy.deliveries.map((delivery) => Number(delivery.nonce))
  expect(nonces).toEqual([...new Set(nonces)].sort((a, b) => a - b))
  for (const { type, resources, removed } of envoy.deliveries) {
    const all = [...resources.map((resource) => resource.name), ...removed]
    expect(new Set(all).size).toBe(all.length)
    if (type === 'extension') expect(removed).toEqual([])
  }
}

/** In the end everybody has its class's content, and where that is bad the last good (or nothing). */
function checkHeld(worldNow: World, { envoy, sidecar }: Connection): void {
  const className = worldNow.classOf[envoy.id]
  if (className === undefined) return
  for (const each of everyName) {
    if (each.type === 'extension' && !envoy.wanted.extension.has(each.name)) continue
    const wantedContent = worldNow.content[className]![each.name]!
    const held = envoy.held[each.type].get(each.name)
    const what = `${envoy.id} ${envoy.protocol} ${className} ${each.name}=${wantedContent}`
    if (wantedContent === '-') {
      if (each.type !== 'extension') expect(held, what).toBeUndefined()
    } else if (wantedContent.startsWith('bad')) {
      if (held) expect(contains(held, '/bad'), what).toBe(false)
    } else {
      expect(held && contains(held, text(className, each, wantedContent)), what).toBe(true)
    }
  }
  expect(sidecar.rollouts.size).toBe(0)
}

const empty: World = {
  content: Object.fromEntries(
    classes.map((name) => [name, Object.fromEntries(everyName.map((each) => [each.name, '-']))]),
  ),
  classOf: {},
}

test('whatever happens, in the end every sidecar holds exactly its snapshot, or the last good of what is bad', () => {
  fc.assert(
    fc.property(fc.array(command, { minLength: 5, maxLength: 80 }), (commands) => {
      const harness = createHarness()
      harness.fleet.publish(compiledOf(empty))
      for (const each of commands) run(harness, each)
      harness.settle()
      // canaries that were lost are replaced when time passes
      for (let n = 0; n < 6; n += 1) {
        harness.tick(2500)
        harness.settle()
      }
      const worldNow = commands.reduce((latest, each) => (each.kind === 'publish' ? each.world : latest), empty)
      for (const connection of harness.connections) {
        checkDeliveries(connection)
        checkHeld(worldNow, connection)
      }
      expect(harness.fleet.counts().trials).toBe(0)
    }),
    { numRuns: 1000 },
  )
})
