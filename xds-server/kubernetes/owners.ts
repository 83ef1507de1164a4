/** Who made a pod, by ownerReferences from one object to the next; what comes in between is read for that alone. */
import { z } from 'zod'
import type { Owner } from '../policy/model.ts'
import type { Pod } from './pods.ts'
import { type Controller, controllerOf, keyOf, ownerReferences, type Resource, reader } from './resource.ts'

/** An object that makes pods, and what made it. */
export type Maker = { readonly controller: Controller | undefined }

const schema = z.object({ metadata: z.object({ ownerReferences }) })
const read = reader(schema, ({ metadata }): Maker => ({ controller: controllerOf(metadata.ownerReferences) }))

export const replicaSets: Resource<Maker> = {
  name: 'replicasets',
  path: '/apis/apps/v1/replicasets',
  metadataOnly: true,
  read,
}
export const jobs: Resource<Maker> = { name: 'jobs', path: '/apis/batch/v1/jobs', metadataOnly: true, read }

export type Makers = {
  readonly replicaSets: ReadonlyMap<string, Maker>
  readonly jobs: ReadonlyMap<string, Maker>
}

type Named = (controller: Controller, pod: Pod, makers: Makers) => Owner | undefined
const as =
  (kind: Owner['kind']): Named =>
  ({ name }) => ({ kind, name })

/** What made the maker, where something did. A ReplicaSet of its own counts as the Deployment it could be. */
const through =
  (own: Owner['kind'], above: Owner['kind'], of: (makers: Makers) => ReadonlyMap<string, Maker>): Named =>
  ({ name }, { namespace }, makers) => {
    const maker = of(makers).get(keyOf(namespace, name))
    if (maker === undefined) return undefined
    return maker.controller ? { kind: above, name: maker.controller.name } : { kind: own, name }
  }

const byKind: ReadonlyMap<string, Named> = new Map<string, Named>([
  ['ReplicaSet', through('Deployment', 'Deployment', (makers) => makers.replicaSets)],
  ['Job', through('Job', 'CronJob', (makers) => makers.jobs)],
  ['StatefulSet', as('StatefulSet')],
  ['DaemonSet', as('DaemonSet')],
  ['ReplicationController', as('Deployment')],
  // a static pod: the kubelet made it, and its node is not what it is
  ['Node', (_controller, { name }) => ({ kind: 'Pod', name })],
])
/** Another product's kind: its name still says which pods belong together. */
const ofAnotherKind = as('Pod')

/** Undefined: it says who made it, and that object is not known (yet). */
export function ownerOf(pod: Pod, makers: Makers): Owner | undefined {
  const { controller } = pod
  if (controller === undefined) return { kind: 'Pod', name: pod.name }
  return (byKind.get(controller.kind) ?? ofAnotherKind)(controller, pod, makers)
}
