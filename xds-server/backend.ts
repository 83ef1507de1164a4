/** What the API asks of the running control plane, each answered by the part that knows. */
import { checkSensor } from '../classifier/inspection/check.ts'
import type { Backend } from './api/backend.ts'
import type { HealthCheck } from './api/health.ts'
import type { InspectionFeed } from './api/inspection-feed.ts'
import { ApiError } from './api/problem.ts'
import type { ClassifierHealth } from './inspection-health.ts'
import type { Observer } from './observe/observer.ts'
import type { Directory } from './policy/directory.ts'
import type { Problem } from './policy/model.ts'
import { sidecars } from './sidecars.ts'
import type { SqliteStore } from './store/sqlite.ts'
import type { WorldLoop } from './world.ts'
import type { Xds } from './xds/xds.ts'

/** What went wrong last with what comes from outside; empty while all is well. */
export type Troubles = {
  readonly inventory: readonly Problem[]
  readonly world: string
}

export type BackendOptions = {
  readonly store: SqliteStore
  readonly observer: Observer
  readonly xds: Xds
  readonly world: WorldLoop
  readonly directory: () => Directory
  readonly inspection: InspectionFeed
  readonly troubles: () => Troubles
  /** Undefined: there is no classifier. */
  readonly classifier: () => ClassifierHealth | undefined
  /** The door for sidecars is open. */
  readonly serving: () => boolean
}

export function backendOf(options: BackendOptions): Backend {
  const { store, observer, xds, world, directory, inspection } = options
  return {
    store,
    directory,
    conversations: () => observer.conversations(),
    recordedFlows: observer.recordedFlows,
    events: (filter) => observer.events.query(filter),
    hits: observer.hits,
    checkSensor,
    inspectionSet() {
      // what is not known yet must not be taken for nothing: a classifier goes on with the set it has
      if (world.built() === undefined)
        throw new ApiError('busy', 'The policy is not compiled yet; ask again in a second.')
      return inspection.present()
    },
    watchInspectionSet: inspection.watch,
    proxies: () => sidecars(xds, directory()),
    compileStatus: () => world.built()?.compiled.status ?? [],
    health: () => health(options),
    now: Date.now,
  }
}

/** Never a reason to be not ready: sidecars need their policy all the more. The compile status and events say it. */
function inspecting(classifier: ClassifierHealth | undefined): readonly HealthCheck[] {
  return classifier ? [{ name: 'classifier', ok: true, detail: classifier.detail }] : []
}

function health({ store, observer, world, troubles, serving, classifier }: BackendOptions): readonly HealthCheck[] {
  const { inventory, world: failure } = troubles()
  const built = world.built()
  const problems = inventory.map(({ path, message }) => `${path}: ${message}`).join('; ')
  return [
    { name: 'store', ...store.healthy() },
    { name: 'history', ...observer.healthy() },
    { name: 'inventory', ok: inventory.length === 0, detail: problems || 'read' },
    {
      name: 'world',
      ok: built !== undefined && failure === '',
      detail: failure || (built ? `${built.compiled.classes.size} classes` : 'waiting for the inventory'),
    },
    { name: 'xds', ok: serving(), detail: serving() ? 'listening' : 'not listening yet' },
    ...inspecting(classifier()),
  ]
}
