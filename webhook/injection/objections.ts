/** Why a pod is left alone, and why it may not be: each reason one function, in the order people read them. */
import { proxyPorts } from '../../xds-server/compile/names.ts'
import type { Problem } from '../../xds-server/policy/model.ts'
import type { PodOptions } from './annotations.ts'
import { injectLabel, isOurs, proxyUid, volumeNames } from './names.ts'
import type { Container, Pod } from './pod.ts'
import type { InjectionSettings } from './settings.ts'

/** In words, or undefined: the pod is to be injected. */
export function reasonToSkip(pod: Pod, namespace: string, settings: InjectionSettings): string | undefined {
  if (settings.excludedNamespaces.includes(namespace)) return `the namespace ${namespace} is excluded`
  if (pod.metadata.labels?.[injectLabel] === 'disabled') return `the label ${injectLabel} says disabled`
  if (pod.spec.hostNetwork === true)
    return "hostNetwork: the pod's network is the node's, no sidecar can stand before it"
  return undefined
}

type Judge = (pod: Pod, options: PodOptions, settings: InjectionSettings) => readonly Problem[]
type Placed = { readonly container: Container; readonly path: string }

/** Those of the pod's author. */
function containersOf({ spec }: Pod): readonly Placed[] {
  const placed = (list: readonly Container[], field: string): readonly Placed[] =>
    list.map((container, i) => ({ container, path: `spec.${field}[${i}]` }))
  const all = [...placed(spec.containers, 'containers'), ...placed(spec.initContainers ?? [], 'initContainers')]
  return all.filter(({ container }) => !isOurs(container))
}

const label: Judge = ({ metadata }) => {
  const value = metadata.labels?.[injectLabel]
  if (value === undefined || value === 'enabled') return []
  return [{ path: `metadata.labels["${injectLabel}"]`, message: 'must be enabled or disabled' }]
}

const windows: Judge = ({ spec }) =>
  spec.os?.name === 'windows'
    ? [{ path: 'spec.os.name', message: `no sidecar runs on Windows; label the pod ${injectLabel}: disabled` }]
    : []

const uid: Judge = (pod) => {
  const message = `is the sidecar's own (${proxyUid}): traffic of this user passes unseen`
  const ofPod = pod.spec.securityContext?.runAsUser
  const wrong = containersOf(pod).filter(({ container }) => container.securityContext?.runAsUser === proxyUid)
  const paths = wrong.map(({ path }) => `${path}.securityContext.runAsUser`)
  return (ofPod === proxyUid ? ['spec.securityContext.runAsUser', ...paths] : paths).map((path) => ({ path, message }))
}

const couldUndo = ({ securityContext }: Container): 'privileged' | 'capabilities.add' | undefined => {
  if (securityContext?.privileged === true) return 'privileged'
  const undoes = (name: string) => ['NET_ADMIN', 'ALL'].includes(name.toUpperCase().replace(/^CAP_/, ''))
  return securityContext?.capabilities?.add?.some(undoes) ? 'capabilities.add' : undefined
}

const netAdmin: Judge = (pod, _, { allowNetAdmin }) =>
  containersOf(pod).flatMap(({ container, path }) => {
    const field = couldUndo(container)
    if (field === undefined || allowNetAdmin) return []
    const message = 'could take the redirect away (the setting allowNetAdmin permits it)'
    return [{ path: `${path}.securityContext.${field}`, message }]
  })

/** Container → whose sidecar it is. */
const meshes: Readonly<Record<string, string>> = {
  'istio-proxy': 'Istio',
  'istio-init': 'Istio',
  'linkerd-proxy': 'Linkerd',
  'linkerd-init': 'Linkerd',
  'kuma-sidecar': 'Kuma',
}

const otherMesh: Judge = (pod) =>
  containersOf(pod).flatMap(({ container, path }) => {
    const mesh = Object.hasOwn(meshes, container.name) ? meshes[container.name] : undefined
    if (mesh === undefined) return []
    return [{ path: `${path}.name`, message: `${mesh} redirects this pod's traffic already: only one of both can` }]
  })

const ports: Judge = (pod) =>
  containersOf(pod).flatMap(({ container, path }) =>
    (container.ports ?? []).flatMap(({ containerPort }, i) =>
      Object.values<number>(proxyPorts).includes(containerPort)
        ? [{ path: `${path}.ports[${i}].containerPort`, message: `${containerPort} is the sidecar's` }]
        : [],
    ),
  )

/** The token says who the sidecar is: no other container may have it. */
const mounts: Judge = (pod) =>
  containersOf(pod).flatMap(({ container, path }) =>
    (container.volumeMounts ?? []).flatMap(({ name }, i) =>
      Object.values<string>(volumeNames).includes(name)
        ? [{ path: `${path}.volumeMounts[${i}].name`, message: `${name} is the sidecar's own volume` }]
        : [],
    ),
  )

const neverDone: Judge = ({ spec }, { sidecar }) =>
  sidecar === 'plain' && spec.restartPolicy !== undefined && spec.restartPolicy !== 'Always'
    ? [
        {
          path: 'spec.restartPolicy',
          message:
            'this pod is to end by itself, and with a plain sidecar it never would: that needs a native one (Kubernetes 1.29)',
        },
      ]
    : []

const judges: readonly Judge[] = [label, windows, otherMesh, uid, netAdmin, ports, mounts, neverDone]

/** Everything that is wrong with it; empty: it can be injected. */
export const objections: Judge = (...about) => judges.flatMap((judge) => judge(...about))
