import { afterEach, expect, test, vi } from 'vitest'
import { aRule, aWorkload, aWorld, tcp } from '../test/support/builders.ts'
import type { Inventory, Rule } from './policy/model.ts'
import { openStore, type SqliteStore } from './store/sqlite.ts'
import { type Built, retryMs, type WorldLoop, worldLoop } from './world.ts'

const web = aWorkload('web', { ips: ['10.42.0.1'] })
const db = aWorkload('db', { ips: ['10.42.0.2'] })
const redis = aRule('nv.web.yelb', 'nv.db.yelb', { id: 'web-redis', applications: ['redis'], ports: tcp(6379) })
const mysql = aRule('nv.web.yelb', 'nv.db.yelb', { id: 'web-mysql', applications: ['mysql'], ports: tcp(6379) })
const { inventory } = aWorld({ workloads: [web, db] })
const scaled = aWorld({ workloads: [web, db, aWorkload('web-2', { owner: web.owner, ips: ['10.42.0.3'] })] }).inventory

const open: { close(): void }[] = []
afterEach(() => {
  vi.useRealTimers()
  for (const one of open.splice(0).reverse()) one.close()
})

function aStore(): SqliteStore {
  const onWatcherError = (error: unknown) => {
    throw error
  }
  const store = openStore({ path: ':memory:', now: Date.now, onWatcherError })
  open.push(store)
  return store
}

/** No parser lets this in; a damaged store might have it. */
const broken = { ...redis, ports: null as unknown as [] }

/** A loop on a store, with everything it said; each thing it says can be waited for. */
function aLoop(store = aStore()) {
  const built: Built[] = []
  const failed: unknown[] = []
  let said = Promise.withResolvers<void>()
  const say = () => {
    said.resolve()
    said = Promise.withResolvers()
  }
  const loop: WorldLoop = worldLoop({
    store,
    compile: () => ({ sniffer: 'AA==', ipv6: false }),
    onBuilt: (one) => {
      built.push(one)
      say()
    },
    onFailed: (error) => {
      failed.push(error)
      say()
    },
  })
  open.push(loop)
  const by = { author: 'test', summary: '' }
  return {
    store,
    loop,
    built,
    failed,
    /** The next thing it says. */
    next: () => said.promise,
    rules: (...value: readonly Rule[]) =>
      void store.write({ document: 'rules', value, base: store.read('rules').revision, ...by }),
    protect: () => {
      const { revision, value } = store.read('settings')
      store.write({ document: 'settings', value: { ...value, mode: 'protect' }, base: revision, ...by })
    },
    rulesInForce: () => loop.built()?.directory.world.policy.rules.map(({ id }) => id),
  }
}

const holdTimers = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
/** All immediates that are due have run. */
const macrotask = () => new Promise((resolve) => setImmediate(resolve))
const snapshotOf = ({ compiled }: Built, workload: string) => compiled.classes.get(compiled.classOf.get(workload)!)!
/** How often each chain of db that was ever cut was cut. */
const cutsOf = (built: Built | undefined) =>
  [...JSON.stringify(snapshotOf(built!, 'db').resources).matchAll(/"postern":\{"cuts":(\d+)\}/g)].map((m) =>
    Number(m[1]),
  )

test('the first inventory builds the first World at once, and nothing was said before it', async () => {
  const it = aLoop()
  it.rules(redis)
  await macrotask()
  expect([it.built, it.failed, it.loop.built()]).toEqual([[], [], undefined])
  it.loop.setInventory(inventory)
  expect([it.built.length, it.loop.built() === it.built[0], it.rulesInForce()]).toEqual([1, true, ['web-redis']])
  await it.loop.first
})

test('whoever edits and then asks is answered from the new World; edits that come together are one build', async () => {
  holdTimers()
  const it = aLoop()
  it.loop.setInventory(inventory)
  it.rules(redis)
  it.rules(redis, mysql)
  it.protect()
  expect(it.built).toHaveLength(1)
  // As a request that arrives after the one that edited.
  await macrotask()
  expect([it.built.length, it.rulesInForce()]).toEqual([2, ['web-redis', 'web-mysql']])
})

test('inventories that follow each other in a crowd are one build, of the last one', async () => {
  const it = aLoop()
  it.loop.setInventory(inventory)
  it.loop.setInventory({ ...inventory, workloads: [] })
  it.loop.setInventory(scaled)
  await macrotask()
  expect(it.built).toHaveLength(1)
  await it.next()
  expect(it.built.map(({ directory }) => directory.world.inventory)).toEqual([inventory, scaled])
})

test('an edit takes an inventory that waits along', async () => {
  const it = aLoop()
  it.loop.setInventory(inventory)
  it.loop.setInventory(scaled)
  it.rules(redis)
  await it.next()
  expect([it.built.length, it.built[1]?.directory.world.inventory, it.rulesInForce()]).toEqual([
    2,
    scaled,
    ['web-redis'],
  ])
})

test('a World that can not be built is reported and leaves the last one; the next good edit is built', async () => {
  holdTimers()
  const it = aLoop()
  it.rules(redis)
  it.loop.setInventory(inventory)
  const good = it.loop.built()
  it.rules(broken)
  await it.next()
  expect([it.failed, it.loop.built() === good, it.built.length]).toEqual([[expect.any(TypeError)], true, 1])
  it.rules(redis, mysql)
  await it.next()
  expect([it.failed.length, it.rulesInForce()]).toEqual([1, ['web-redis', 'web-mysql']])
  vi.advanceTimersByTime(2 * retryMs)
  expect(it.built).toHaveLength(2)
})

test('a cut that can not be written is tried again: the edit it belongs to is not left waiting', async () => {
  holdTimers()
  const store = aStore()
  const { setMeta } = store
  let full = true
  const it = aLoop(
    Object.assign(store, {
      setMeta(key: string, value: string) {
        if (full) throw new Error('disk is full')
        setMeta.call(store, key, value)
      },
    }),
  )
  it.rules(redis, mysql)
  it.protect()
  it.loop.setInventory(inventory)
  it.rules(redis)
  await it.next()
  expect([it.failed, it.rulesInForce()]).toEqual([[new Error('disk is full')], ['web-redis', 'web-mysql']])
  full = false
  vi.advanceTimersByTime(retryMs)
  expect([it.failed.length, it.rulesInForce()]).toEqual([1, ['web-redis']])
  expect(cutsOf(it.built[1])).toEqual([1])
})

test('a first World that can not be built is waited for', async () => {
  const it = aLoop()
  it.rules(broken)
  it.loop.setInventory(inventory)
  expect([it.failed.length, it.loop.built()]).toEqual([1, undefined])
  it.rules(redis)
  await it.loop.first
  expect(it.built).toHaveLength(1)
})

test('a right that is lost cuts the chain once; gaining it again does not, and a restart neither', async () => {
  const it = aLoop()
  it.rules(redis, mysql)
  it.protect()
  it.loop.setInventory(inventory)
  expect(cutsOf(it.built[0])).toEqual([])
  it.rules(redis)
  await it.next()
  expect(cutsOf(it.built[1])).toEqual([1])
  it.rules(redis, mysql)
  await it.next()
  expect(cutsOf(it.built[2])).toEqual([1])
  it.loop.close()
  const again = aLoop(it.store)
  again.loop.setInventory(inventory)
  expect(again.built[0]?.compiled.classes).toEqual(it.built[2]?.compiled.classes)
  again.rules(redis)
  await again.next()
  expect(cutsOf(again.built[1])).toEqual([2])
})

test('what an edit does not touch is the same object', async () => {
  const it = aLoop()
  it.rules(redis)
  it.loop.setInventory(inventory)
  const [first] = it.built
  it.rules(redis, mysql)
  await it.next()
  const second = it.built[1]!
  expect(snapshotOf(second, 'web')).toBe(snapshotOf(first!, 'web'))
  expect(snapshotOf(second, 'db')).not.toBe(snapshotOf(first!, 'db'))
  expect(second.directory.world.policy.groups).toBe(first!.directory.world.policy.groups)
  it.loop.setInventory({ ...inventory } satisfies Inventory)
  await it.next()
  const third = it.built[2]!
  expect([...third.compiled.classes.values()]).toEqual([...second.compiled.classes.values()])
  for (const [key, snapshot] of third.compiled.classes) expect(snapshot).toBe(second.compiled.classes.get(key))
  expect(third.directory.world.policy).toBe(second.directory.world.policy)
  expect(third.directory.rules).toBe(second.directory.rules)
})

test('after its close nothing is built any more', async () => {
  const it = aLoop()
  it.loop.setInventory(inventory)
  it.loop.setInventory(scaled)
  it.rules(redis)
  it.loop.close()
  it.rules(redis, mysql)
  await macrotask()
  expect(it.built).toHaveLength(1)
})
