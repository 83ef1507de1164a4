/** An observer of a small cluster (app → db, ui) with its store, on a clock of its own. */
import pino from 'pino'
import { Registry } from 'prom-client'
import { aWorkload, aWorld, type WorldParts } from '../../../test/support/builders.ts'
import { type Directory, directory } from '../../policy/directory.ts'
import type { Mode } from '../../policy/model.ts'
import { storedPolicy } from '../../store/policy.ts'
import { openStore, type SqliteStore } from '../../store/sqlite.ts'
import type { AccessRecord } from '../model.ts'
import { createObserver, type Observer } from '../observer.ts'
import { type ManualClock, manualClock } from './clock.ts'
import { aRecord, epoch } from './records.ts'

const app = aWorkload('app', { ips: ['10.42.0.11'] })
const db = aWorkload('db', { ips: ['10.42.0.13'] })
export const appToDb = { source: { ip: '10.42.0.11', port: 40_000 }, destination: { ip: '10.42.0.13', port: 5432 } }

/** A connection app → db that PostgreSQL was seen on; nothing logged about rules. */
export const aConnection = (more: Partial<AccessRecord> = {}): AccessRecord =>
  aRecord({ ...appToDb, shadow: undefined, ...more })

export type Observed = {
  readonly observer: Observer
  readonly store: SqliteStore
  readonly clock: ManualClock
  readonly registry: Registry
  readonly directory: () => Directory
  /** The observer ends and, after so many milliseconds, another begins on the same files. */
  readonly restart: (pause?: number) => Observed
  readonly close: () => void
}

type Options = { readonly mode?: Mode; readonly path?: string; readonly parts?: WorldParts; readonly clock?: ManualClock }

export function observed({ mode = 'discover', path = ':memory:', parts = {}, clock = manualClock(epoch - 1_000) }: Options, kept?: SqliteStore): Observed {
  const store = kept ?? aStore(mode, parts, clock)
  const { inventory } = aWorld({ workloads: [app, db], ...parts })
  let present: Directory | undefined
  let dirty = true
  store.watch(() => {
    dirty = true
  })
  const current = (): Directory => {
    if (dirty) present = directory({ inventory, policy: storedPolicy(store) }, present)
    dirty = false
    return present!
  }
  const registry = new Registry()
  const log = pino({ level: 'silent' })
  const observer = createObserver({ store, path, directory: current, log, registry, clock })
  // Connections of tests begin at `epoch`, after the observer.
  clock.pass(Math.max(0, epoch - clock.now()))
  const restart = (pause = 0) => {
    observer.close()
    clock.pass(pause)
    return observed({ mode, path, parts, clock }, store)
  }
  const close = () => {
    observer.close()
    store.close()
  }
  return { observer, store, clock, registry, directory: current, restart, close }
}

function aStore(mode: Mode, { rules = [], groups = [], ignored = [], inspections = [] }: WorldParts, clock: ManualClock): SqliteStore {
  const onWatcherError = (error: unknown) => {
    throw error
  }
  const store = openStore({ path: ':memory:', now: clock.now, onWatcherError })
  const settings = { ...store.read('settings').value, mode }
  const by = { base: 1, author: 'test', summary: '' }
  store.writeAll([
    { document: 'rules', value: rules, ...by },
    { document: 'groups', value: groups, ...by },
    { document: 'settings', value: settings, ...by },
    { document: 'ignored', value: ignored, ...by },
    { document: 'inspections', value: inspections, ...by },
  ])
  return store
}
