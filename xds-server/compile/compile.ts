/**
 * (Directory) → everything each sidecar must hold, as plain Envoy resources. Pure: same inputs, same output, in the same
 * order. Work is done per class of workloads, never per workload; classes that nothing touched are taken over from the
 * compilation before. Promises: in Protect, what is not known to be allowed is denied. Knows no protobuf, no
 * connections, no clock; builds names only by `names.ts`.
 */
import type { Directory } from '../policy/directory.ts'
import { inspectionSetOf } from '../policy/profiles.ts'
import type { InspectionProfile } from '../policy/sensor.ts'
import type { Blocks } from './blocks.ts'
import { blocksOf } from './blocks.ts'
import type { RulesByGroup } from './classes.ts'
import { classesOf, rulesByGroup } from './classes.ts'
import { resourcesOfEverySidecar } from './every-sidecar.ts'
import { inbound } from './inbound.ts'
import type { MadeListener } from './listener.ts'
import type { ClassSnapshot, Compiled, CompileStatus, Resource } from './model.ts'
import { resourceTypes } from './model.ts'
import type { CompileOptions } from './options.ts'
import { outbound } from './outbound.ts'
import type { Footprint } from './reuse.ts'
import { footprintOf, sameFootprint } from './reuse.ts'
import type { Scope, WorkloadClass } from './scope.ts'
import { scopeOf } from './scope.ts'
import type { Sensing } from './sensing.ts'
import { sensingOf } from './sensing.ts'

/** One class, what it was made from, and what people should know about it. */
type Made = {
  readonly footprint: Footprint
  readonly listeners: ReadonlyMap<string, MadeListener>
  readonly shared: readonly Resource[]
  readonly snapshot: ClassSnapshot
  readonly statuses: readonly CompileStatus[]
  readonly profiles: readonly InspectionProfile[]
}

/** What is prepared once for all classes. */
type Bench = {
  readonly directory: Directory
  readonly options: CompileOptions
  readonly blocks: Blocks
  readonly rules: RulesByGroup
  readonly sensing: Sensing
  readonly shared: readonly Resource[]
}

const order = new Map(resourceTypes.map((type, place) => [type, place]))

function sorted(resources: readonly Resource[]): readonly Resource[] {
  return [...resources].sort((a, b) => order.get(a.type)! - order.get(b.type)! || (a.name < b.name ? -1 : 1))
}

/** The same resources are the same snapshot. */
function snapshotOf(scope: Scope, shared: readonly Resource[], listeners: Made['listeners'], before: Made | undefined) {
  const same =
    before?.shared === shared &&
    before.listeners.size === listeners.size &&
    [...listeners].every(([name, one]) => before.listeners.get(name) === one)
  if (same) return before.snapshot
  const made = [...listeners.values()]
  return {
    key: scope.key,
    learned: scope.learned,
    resources: sorted([...shared, ...made.flatMap((one) => one.resources)]),
    rights: made.map((one) => one.rights),
  }
}

function make(workloads: WorkloadClass, bench: Bench, before: Made | undefined): Made {
  const { shared } = bench
  const inboundRules = bench.rules.naming('to', workloads.groups)
  const outboundRules = bench.rules.naming('from', workloads.groups)
  const given = { ...bench, inboundRules, outboundRules, before: before?.listeners ?? new Map() }
  const footprint = footprintOf(workloads, given)
  if (before && sameFootprint(before.footprint, footprint)) return before
  const scope = scopeOf(workloads, given)
  const listeners = new Map([outbound(scope), ...inbound(scope)].map((one) => [one.name, one]))
  const snapshot = snapshotOf(scope, shared, listeners, before)
  return { footprint, listeners, shared, snapshot, statuses: scope.statuses, profiles: profilesOf(listeners) }
}

function profilesOf(listeners: Made['listeners']): readonly InspectionProfile[] {
  const peers = [...listeners.values()].flatMap((one) => one.peers)
  return peers.flatMap(({ inspecting }) => (inspecting.kind === 'nothing' ? [] : [inspecting.profile]))
}

/** People who bound sensors think that somebody looks. */
function unlooked({ active }: Sensing, { classifier }: CompileOptions): readonly CompileStatus[] {
  if (!active || classifier?.healthy) return []
  const why = classifier ? 'the classifier does not answer' : 'the control plane was started without a classifier'
  const message = `sensors are bound to groups, but ${why}`
  return [
    { class: 'all sidecars', message: `${message}: nothing is inspected, and what must not pass without is refused` },
  ]
}

/** Makes only when it is given something else than the last time. */
function kept<From, To>(make: (from: From) => To): (from: From) => To {
  let last: { readonly from: From; readonly to: To } | undefined
  return (from) => {
    if (last?.from !== from) last = { from, to: make(from) }
    return last.to
  }
}

/** The same of a rule for many classes is said for the first. */
function oncePerRule(statuses: readonly CompileStatus[]): readonly CompileStatus[] {
  const said = new Set<string>()
  return statuses.filter(({ rule, message }) => {
    if (rule === undefined) return true
    const key = `${rule}\n${message}`
    return !said.has(key) && said.add(key)
  })
}

/** What never changes while a control plane runs. */
const sameSurroundings = (a: CompileOptions, b: CompileOptions): boolean =>
  a.sniffer === b.sniffer &&
  a.classifier?.token === b.classifier?.token &&
  JSON.stringify(a.classifier?.address) === JSON.stringify(b.classifier?.address)

export type Compiler = {
  /** Only what differs from the call before is worked on; the answer is the same as that of a fresh compiler. */
  compile(directory: Directory, options: CompileOptions): Compiled
}

export function compiler(): Compiler {
  const rules = kept(rulesByGroup)
  let before: ReadonlyMap<string, Made> = new Map()
  let shared: { readonly options: CompileOptions; readonly resources: readonly Resource[] } | undefined
  return {
    compile(directory, options) {
      if (shared === undefined || !sameSurroundings(shared.options, options)) {
        shared = { options, resources: resourcesOfEverySidecar(options) }
        before = new Map()
      }
      const sensing = sensingOf(directory, options.classifier)
      const prefixes = directory.prefixes()
      const bench: Bench = {
        directory,
        options,
        blocks: blocksOf(prefixes),
        rules: rules(directory.rules.rules),
        sensing,
        shared: shared.resources,
      }
      const { classes, classOf } = classesOf(directory)
      const made = new Map(classes.map((one) => [one.key, make(one, bench, before.get(one.key))]))
      before = made
      return {
        classes: new Map([...made].map(([key, { snapshot }]) => [key, snapshot])),
        classOf,
        prefixes,
        status: [...unlooked(sensing, options), ...oncePerRule([...made.values()].flatMap(({ statuses }) => statuses))],
        inspection: inspectionSetOf(
          [...made.values()].flatMap(({ profiles }) => profiles),
          sensing.sensors,
        ),
      }
    },
  }
}

export function compile(directory: Directory, options: CompileOptions): Compiled {
  return compiler().compile(directory, options)
}
