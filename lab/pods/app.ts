import type { DeclaredPort } from '../../xds-server/policy/model.ts'
import type { Secrets } from '../secrets.ts'

/** What an app's files may depend on. */
export type PodView = {
  /** The cluster's resolver. */
  readonly dns: string
  readonly secrets: Secrets
}

export type AppFile = { readonly content: string; readonly mode?: number }

/**
 * One app of the lab: what a Deployment says of its pods, and how the lab runs it. Its pods are `<name>-1`, `<name>-2`…
 * and its service `<name>.<namespace>`.
 */
export type App = {
  readonly name: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly image: string
  readonly ports: readonly DeclaredPort[]
  /** `outside`: no workload of the cluster at all. */
  readonly sidecar: 'managed' | 'none' | 'outside'
  readonly replicas: number
  /** 1 where a second one would have a state of its own. */
  readonly maxReplicas: number
  /** Unprivileged, unlike any other app's and the sidecar's, so that no app reads or signals another. */
  readonly uid: number
  /** Name of the uid inside the pod. */
  readonly user: string
  /** Files in the app's home. */
  readonly files?: (pod: PodView) => Readonly<Record<string, AppFile>>
  /** Run to its end before the app starts, as its user; needs no network. Commands start in the home (`inside`). */
  readonly prepare?: () => readonly string[]
  readonly command: () => readonly string[]
  /** More than listening on its ports; `home` is the app's as seen from outside. */
  readonly isReady?: (home: string) => boolean
}
