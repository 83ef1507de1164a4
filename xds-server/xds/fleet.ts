/**
 * Classes, their snapshots and the sidecars connected to them. Decides what each sidecar may see and when; says nothing
 * itself (conversation.ts does). Work per publication is that of the classes that changed: others are not visited.
 */
import { type Compiled, type ResourceType, resourceTypes } from '../compile/model.ts'
import { type Blob, createBlobStore, isUnencodable } from './blobs.ts'
import { adopt, type ClassRecord, dissolve, newClassRecord, sidecarsOf } from './class-record.ts'
import { createGate } from './gate.ts'
import { step } from './machine.ts'
import { isRemovable } from './resource-types.ts'
import type { Rollouts } from './rollouts.ts'
import type { Sidecar } from './sidecar.ts'

export type FleetHost = {
  now(): number
  /** The sidecar may have something to be told. */
  schedule(sidecar: Sidecar): void
  readonly rollouts: Rollouts
}

export type Fleet = {
  /** Returns new blobs that have no encoding. */
  publish(compiled: Compiled): readonly Blob[]
  attach(sidecar: Sidecar): void
  detach(sidecar: Sidecar): void
  /** The sidecar wants names it did not want before. */
  wants(sidecar: Sidecar): void
  /** It took these versions, now or in an earlier stream. */
  accepted(sidecar: Sidecar, type: ResourceType, versions: ReadonlyMap<string, string>): void
  /** It refused these versions. Returns the blobs they are. */
  refused(sidecar: Sidecar, type: ResourceType, versions: ReadonlyMap<string, string>, message: string): readonly Blob[]
  /** Time passes. */
  tick(): void
  sidecars(): Iterable<Sidecar>
  /** Blobs in quarantine. */
  quarantined(): readonly Blob[]
  counts(): { readonly classes: number; readonly blobs: number; readonly trials: number }
}

export function createFleet(host: FleetHost): Fleet {
  const blobs = createBlobStore(host.now)
  const records = new Map<string, ClassRecord>()
  const byWorkload = new Map<string, Set<Sidecar>>()
  let classOf: ReadonlyMap<string, string> = new Map()

  const changed = (sidecar: Sidecar, type: ResourceType, names: Iterable<string>): void => {
    sidecar.state = step(sidecar.state, { kind: 'changed', type, names }, sidecar.views).state
    host.schedule(sidecar)
  }
  /** Classes that can go on; looked at when the gate has said all it has to say. */
  const going = new Set<ClassRecord>()
  const gate = createGate({
    now: host.now,
    sees: (sidecar, blob) => changed(sidecar, blob.type, [blob.name]),
    goOn: (record) => going.add(record),
  })

  const tellAll = (record: ClassRecord, type: ResourceType, names: readonly string[]): void => {
    if (names.length > 0) for (const sidecar of sidecarsOf(record)) changed(sidecar, type, names)
  }

  /** Serves what an Envoy took, has the rest tested. True while something of this type is being tested. */
  const advanceType = (record: ClassRecord, type: ResourceType, candidate: Sidecar | undefined): boolean => {
    const served: string[] = []
    let isTesting = false
    for (const name of record.behind[type]) {
      const blob = record.desired[type].get(name)!
      // nobody may want it yet: an extension of a listener that is not served. It must not hold up that listener
      if (blob.verdict.kind === 'untested') isTesting = gate.offer(blob, record, candidate) || isTesting
      if (blob.verdict.kind === 'untested') continue
      record.behind[type].delete(name)
      if (blob.verdict.kind === 'refused') continue
      record.served[type].set(name, blob)
      served.push(name)
    }
    tellAll(record, type, served)
    return isTesting
  }

  /** What nothing refers to any more; silently for what is never removed. */
  const withdraw = (record: ClassRecord): void => {
    for (const type of resourceTypes) {
      const names = [...record.leaving[type]]
      for (const name of names) record.served[type].delete(name)
      record.leaving[type].clear()
      if (isRemovable(type)) tellAll(record, type, names)
    }
  }

  /** Type after type: a listener is not even tried before the tables it refers to are decided. */
  const advance = (record: ClassRecord, candidate?: Sidecar): void => {
    const wasTesting = record.isTesting
    record.isTesting = resourceTypes.some((type) => advanceType(record, type, candidate))
    if (!record.isTesting) withdraw(record)
    if (wasTesting && !record.isTesting) for (const sidecar of sidecarsOf(record)) host.schedule(sidecar)
  }
  const advanceGoing = (): void => {
    for (const record of going) {
      going.delete(record)
      advance(record)
    }
  }

  const enter = (sidecar: Sidecar, record: ClassRecord | undefined): void => {
    sidecar.record = record
    const group = record?.sidecars.get(sidecar.envoy) ?? new Set()
    record?.sidecars.set(sidecar.envoy, group.add(sidecar))
  }

  const leave = (sidecar: Sidecar, isGone: boolean): void => {
    const { record } = sidecar
    gate.left(sidecar, isGone)
    const group = record?.sidecars.get(sidecar.envoy)
    group?.delete(sidecar)
    if (group?.size === 0) record?.sidecars.delete(sidecar.envoy)
    if (record) retire(record)
  }

  /** A class that is not compiled any more lives on while sidecars have it: losing a class takes nothing away. */
  const retire = (record: ClassRecord): void => {
    if (record.sidecars.size > 0 || record.snapshot !== undefined) return
    records.delete(record.key)
    dissolve(record, blobs)
  }

  const move = (sidecar: Sidecar, record: ClassRecord): void => {
    leave(sidecar, false)
    enter(sidecar, record)
    sidecar.state = step(sidecar.state, { kind: 'moved' }, sidecar.views).state
    host.schedule(sidecar)
  }

  const recordOf = (key: string): ClassRecord => {
    const record = records.get(key) ?? newClassRecord(key)
    records.set(key, record)
    return record
  }

  /** Takes the snapshots; returns the classes that changed, and the blobs. */
  const adoptAll = (compiled: Compiled) => {
    const touched = new Map<ClassRecord, readonly Blob[]>()
    for (const snapshot of compiled.classes.values()) {
      const record = recordOf(snapshot.key)
      const blobsChanged = adopt(record, snapshot, blobs)
      if (blobsChanged.length > 0) touched.set(record, blobsChanged)
    }
    for (const record of records.values()) {
      if (compiled.classes.has(record.key)) continue
      record.snapshot = undefined
      retire(record)
    }
    return touched
  }

  const moveAll = (): readonly Sidecar[] => {
    const moved: Sidecar[] = []
    for (const [workload, sidecars] of byWorkload) {
      const key = classOf.get(workload)
      const record = key === undefined ? undefined : records.get(key)
      for (const sidecar of record ? sidecars : []) {
        if (sidecar.record === record) continue
        move(sidecar, record!)
        moved.push(sidecar)
      }
    }
    return moved
  }

  const dropUnwanted = (record: ClassRecord, changedBlobs: readonly Blob[]): void => {
    for (const blob of changedBlobs) if (record.desired[blob.type].get(blob.name) !== blob) gate.drop(blob, record)
  }

  const find = (sidecar: Sidecar, type: ResourceType, versions: ReadonlyMap<string, string>): readonly Blob[] =>
    [...versions].flatMap(([name, version]) => {
      const blob = sidecar.record?.desired[type].get(name)
      return blob?.version === version ? [blob] : []
    })

  return {
    publish(compiled) {
      classOf = compiled.classOf
      const touched = adoptAll(compiled)
      const moved = moveAll()
      const affected = new Set([...[...touched.keys()].flatMap((record) => [...sidecarsOf(record)]), ...moved])
      if (touched.size > 0 || moved.length > 0) host.rollouts.start([...touched.values()].flat(), affected)
      for (const [record, changedBlobs] of touched) dropUnwanted(record, changedBlobs)
      for (const record of touched.keys()) going.add(record)
      for (const sidecar of moved) going.add(sidecar.record!)
      advanceGoing()
      for (const sidecar of affected) host.schedule(sidecar)
      return [...touched].flatMap(([record, changedBlobs]) =>
        changedBlobs.filter((blob) => isUnencodable(blob) && record.desired[blob.type].get(blob.name) === blob),
      )
    },
    attach(sidecar) {
      const key = classOf.get(sidecar.workload)
      byWorkload.set(sidecar.workload, (byWorkload.get(sidecar.workload) ?? new Set()).add(sidecar))
      enter(sidecar, key === undefined ? undefined : records.get(key))
    },
    detach(sidecar) {
      const same = byWorkload.get(sidecar.workload)
      same?.delete(sidecar)
      if (same?.size === 0) byWorkload.delete(sidecar.workload)
      leave(sidecar, true)
      advanceGoing()
      host.rollouts.gone(sidecar)
    },
    wants(sidecar) {
      gate.wantsOther(sidecar)
      if (sidecar.record) advance(sidecar.record, sidecar)
      advanceGoing()
    },
    accepted(sidecar, type, versions) {
      for (const blob of find(sidecar, type, versions)) gate.accepted(sidecar, blob)
      advanceGoing()
    },
    refused(sidecar, type, versions, message) {
      const found = find(sidecar, type, versions)
      for (const blob of found) gate.refused(sidecar, blob, message)
      advanceGoing()
      return found
    },
    tick() {
      gate.tick()
      advanceGoing()
    },
    *sidecars() {
      for (const group of byWorkload.values()) yield* group
    },
    quarantined: () => blobs.refused(),
    counts: () => ({ classes: records.size, blobs: blobs.size(), trials: gate.size() }),
  }
}
