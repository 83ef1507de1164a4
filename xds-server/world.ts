/**
 * The one writer of the World: inventory and store in, snapshots out. A change only marks the World dirty; it is built
 * whole, and what stayed the same is taken over by identity.
 *
 * Promises: publishes nothing before it has a first inventory; a World that can not be compiled leaves the last one in
 * force and says so. Never patches what it published.
 */
import { type Compiler, compiler } from './compile/compile.ts'
import { cutsNeeded } from './compile/cuts.ts'
import type { Compiled } from './compile/model.ts'
import type { CompileOptions } from './compile/options.ts'
import { type Cuts, cutsIn } from './cuts.ts'
import { type Directory, directory } from './policy/directory.ts'
import type { Inventory, Policy } from './policy/model.ts'
import type { Meta, Store } from './store/model.ts'
import { storedPolicy } from './store/policy.ts'

/** Pods come and go in crowds; an edit does not wait. */
const inventorySettlesMs = 50
/** A World that can not be built is tried again: what kept it may have been a full disk. */
export const retryMs = 10_000

export type Built = { readonly directory: Directory; readonly compiled: Compiled; readonly ms: number }

export type WorldOptions = {
  readonly store: Store & Meta
  /** Asked at each build. */
  readonly compile: () => Omit<CompileOptions, 'cuts'>
  readonly onBuilt: (built: Built) => void
  readonly onFailed: (error: unknown) => void
}

export type WorldLoop = {
  /** The last World that was built; undefined before the first inventory. */
  built(): Built | undefined
  /** Resolves once there is one. */
  readonly first: Promise<void>
  /** What is outside changed. */
  setInventory(inventory: Inventory): void
  /** What compiling goes by changed. */
  rebuild(): void
  close(): void
}

export function worldLoop(options: WorldOptions): WorldLoop {
  const { store } = options
  const workshop = { cuts: cutsIn(store), compiler: compiler(), compile: options.compile }
  let inventory: Inventory | undefined
  let built: Built | undefined
  let settling: NodeJS.Timeout | undefined
  let edited: NodeJS.Immediate | undefined
  let retrying: NodeJS.Timeout | undefined
  const first = Promise.withResolvers<void>()

  const forgetWhatIsDue = () => {
    clearTimeout(settling)
    clearTimeout(retrying)
    clearImmediate(edited)
    settling = edited = retrying = undefined
  }
  const build = () => {
    forgetWhatIsDue()
    if (inventory === undefined) return
    try {
      built = buildWorld({ inventory, policy: policyOf(store, built) }, built, workshop)
      options.onBuilt(built)
      first.resolve()
    } catch (error) {
      retrying = setTimeout(build, retryMs)
      options.onFailed(error)
    }
  }
  // an immediate runs before the next request is read: whoever edits and then asks is answered from the new World
  const rebuild = () => {
    edited ??= setImmediate(build)
  }
  const unwatch = store.watch(rebuild)
  return {
    built: () => built,
    first: first.promise,
    setInventory(next) {
      inventory = next
      if (built === undefined) build()
      else settling ??= setTimeout(build, inventorySettlesMs)
    },
    rebuild,
    close() {
      unwatch()
      forgetWhatIsDue()
    },
  }
}

/** The store's documents keep their identity while unchanged, so a Policy made of them shares all it can. */
export function policyOf(store: Store, before?: Built): Policy {
  const now = storedPolicy(store)
  const was = before?.directory.world.policy
  const same = was && (Object.keys(now) as (keyof Policy)[]).every((part) => now[part] === was[part])
  return same ? was : now
}

type Workshop = {
  readonly cuts: Cuts
  readonly compiler: Compiler
  readonly compile: WorldOptions['compile']
}

/** A right that was lost ends live connections: the chains concerned are compiled once more, with a new revision. */
function buildWorld(
  world: { readonly inventory: Inventory; readonly policy: Policy },
  before: Built | undefined,
  { cuts, compiler, compile }: Workshop,
): Built {
  const began = performance.now()
  const now = directory(world, before?.directory)
  const options = compile()
  const make = () => compiler.compile(now, { ...options, cuts: cuts.all() })
  const first = make()
  const lost = before === undefined ? [] : cutsNeeded(before.compiled, first)
  if (lost.length > 0) cuts.add(lost)
  return { directory: now, compiled: lost.length > 0 ? make() : first, ms: performance.now() - began }
}
