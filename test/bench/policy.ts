/** What the pure part of the control plane costs in a large cluster: the directory, decisions, compiling, one edit. */
import { buildSniffer } from '../../classifier/sniffer/build.ts'
import { compile, compiler } from '../../xds-server/compile/compile.ts'
import { cutsNeeded } from '../../xds-server/compile/cuts.ts'
import type { Compiled } from '../../xds-server/compile/model.ts'
import type { CompileOptions } from '../../xds-server/compile/options.ts'
import { decide } from '../../xds-server/policy/decide.ts'
import { type Directory, directory } from '../../xds-server/policy/directory.ts'
import type { Rule, World } from '../../xds-server/policy/model.ts'
import { type BenchOptions, type Figure, percentile } from './figure.ts'
import { aLargeCluster, flowsIn, size } from './policy/cluster.ts'

const rounds = 5
const flows = 20_000

const large = `${size.groups} groups, ${size.rules} rules, ${size.pods} pods`

function timed<T>(work: () => T): { readonly ms: number; readonly made: T } {
  const start = performance.now()
  const made = work()
  return { ms: performance.now() - start, made }
}

const best = (work: (round: number) => unknown): number =>
  Math.min(...Array.from({ length: rounds }, (_, round) => timed(() => work(round)).ms))

function decisions(known: Directory, world: World): Figure {
  const asked = flowsIn(world, flows)
  const ms = best(() => {
    for (const flow of asked) decide(flow, known)
  })
  return { name: `decide() of one flow, ${large}`, value: (ms * 1000) / flows, unit: 'µs' }
}

type State = { readonly world: World; readonly directory: Directory; readonly compiled: Compiled }

/** A control plane without the network: each World is built on the one before, as `world.ts` does. */
function workshop(options: CompileOptions) {
  const { compile } = compiler()
  return (world: World, before?: State): State => {
    const built = directory(world, before?.directory)
    const compiled = compile(built, options)
    if (before) cutsNeeded(before.compiled, compiled)
    return { world, directory: built, compiled }
  }
}

/** How often, and what: the i-th edit of a World. */
type Edit = { readonly times: number; readonly next: (world: World, i: number) => World }

function withRules(world: World, rules: readonly Rule[]): World {
  return { ...world, policy: { ...world.policy, rules } }
}

const flip = (rule: Rule): Rule => ({ ...rule, action: rule.action === 'allow' ? 'deny' : 'allow' })

const kinds: Readonly<Record<string, Edit>> = {
  'a rule that changes between allow and deny': {
    times: 100,
    next(world, i) {
      const { rules } = world.policy
      const at = (i * 97) % rules.length
      return withRules(world, rules.with(at, flip(rules[at]!)))
    },
  },
  'a new rule at the top': {
    times: 100,
    next(world, i) {
      const { rules } = world.policy
      return withRules(world, [{ ...rules.at(-1 - i)!, id: `new${i}` }, ...rules])
    },
  },
  'a pod that goes': {
    times: 10,
    next(world) {
      const { inventory } = world
      return { ...world, inventory: { ...inventory, workloads: inventory.workloads.slice(1) } }
    },
  },
}

function editing(kind: string, edit: Edit, from: World, options: CompileOptions, full: number): readonly Figure[] {
  const build = workshop(options)
  let state = build(from)
  const samples = Array.from({ length: edit.times }, (_, i) => {
    const { ms, made } = timed(() => build(edit.next(state.world, i), state))
    state = made
    return ms
  })
  const measured = { unit: 'ms', peer: { name: 'compiling everything', value: full } }
  const what = `${kind}: directory, resources and cuts`
  return [
    { name: `${what}, median of ${edit.times}`, value: percentile(samples, 0.5), ...measured },
    { name: `${what}, slowest of ${edit.times}`, value: percentile(samples, 1), ...measured },
  ]
}

export async function run({ say }: BenchOptions): Promise<readonly Figure[]> {
  const { wasm } = await buildSniffer()
  const options = { sniffer: Buffer.from(wasm).toString('base64'), cuts: new Map(), ipv6: true }
  const world = aLargeCluster()
  const known = directory(world)
  say('directory and decisions')
  const building = best(() => directory(world))
  const decided = decisions(known, world)
  say('compiling')
  // of a directory that nobody has asked yet: what is worked out about one is kept with it
  const fresh = Array.from({ length: rounds }, () => directory(world))
  const full = best((round) => compile(fresh[round]!, options))
  const { classes } = compile(known, options)
  const edited = Object.entries(kinds).flatMap(([kind, edit]) => {
    say(kind)
    return editing(kind, edit, world, options, full)
  })
  return [
    { name: `directory built from nothing, ${large}`, value: building, unit: 'ms' },
    decided,
    { name: `everything compiled from nothing (${classes.size} classes), ${large}`, value: full, unit: 'ms' },
    ...edited,
  ]
}
