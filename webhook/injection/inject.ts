/**
 * Injection: a pod in, a JSON Patch (or why there is none) out. Pure.
 *
 * Promises: a fixed point (the patched pod needs no patch), also when others added containers, probes or defaults in
 * between: everything that is ours is made anew from the rest of the pod and the settings, whatever it was. Of the
 * pod's own nothing changes but probes. Every problem is reported, with its path.
 * Never asks anybody: neither the cluster nor the clock.
 */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Problem } from '../../xds-server/policy/model.ts'
import { type PodOptions, parseAnnotations } from './annotations.ts'
import { difference, type Operation } from './json-patch.ts'
import { containerNames, written } from './names.ts'
import { objections, reasonToSkip } from './objections.ts'
import type { Container, Pod, Volume } from './pod.ts'
import { type RewrittenProbes, rewriteProbes } from './probes.ts'
import type { InjectionSettings } from './settings.ts'
import { initContainer, proxyContainer, volumes } from './sidecar.ts'

export type Injection =
  /** Empty: the pod is as it should be. */
  | { readonly kind: 'patch'; readonly patch: readonly Operation[] }
  | { readonly kind: 'skip'; readonly reason: string }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

/**
 * Linux takes no argument longer than 128 KiB (MAX_ARG_STRLEN), and that is what the bootstrap is; past this the pod is
 * refused, for Envoy could not start. Some hundred probes.
 */
const maxBootstrapLength = 120_000

/** @param namespace of the request: the pod may not say its own yet */
export function inject(pod: Pod, namespace: string, settings: InjectionSettings): Injection {
  const reason = reasonToSkip(pod, namespace, settings)
  if (reason !== undefined) return { kind: 'skip', reason }
  const options = parseAnnotations(pod.metadata.annotations ?? {}, settings)
  if (!options.ok) return { kind: 'refused', problems: [...options.problems, ...objectionsByDefault(pod, settings)] }
  const probes = rewriteProbes(pod, options.value.excludeInbound, options.value.rewriteProbes)
  const problems = [...objections(pod, options.value, settings), ...(probes.ok ? [] : probes.problems)]
  if (problems.length > 0 || !probes.ok) return { kind: 'refused', problems }
  const sidecar = proxyContainer(options.value, settings, {
    probes: probes.value.probes,
    graceSeconds: pod.spec.terminationGracePeriodSeconds,
  })
  const tooLong = (sidecar.args as readonly string[]).some((arg) => Buffer.byteLength(arg) > maxBootstrapLength)
  if (tooLong) return { kind: 'refused', problems: [{ path: 'spec.containers', message: 'have too many probes' }] }
  const injected = withSidecar(pod, probes.value, { options: options.value, settings, sidecar })
  return { kind: 'patch', patch: difference(pod, injected) }
}

/** A pod with wrong annotations hears what else is wrong with it, too. */
function objectionsByDefault(pod: Pod, settings: InjectionSettings): readonly Problem[] {
  const options = parseAnnotations({}, settings)
  return options.ok ? objections(pod, options.value, settings) : []
}

type Adding = { readonly options: PodOptions; readonly settings: InjectionSettings; readonly sidecar: Container }

function withSidecar(pod: Pod, probes: RewrittenProbes, adding: Adding): object {
  const { metadata, spec } = pod
  const annotations: Record<string, string> = {
    ...metadata.annotations,
    [written.injected]: templateHash(adding.settings),
  }
  delete annotations[written.probes]
  if (Object.keys(probes.originals).length > 0) annotations[written.probes] = JSON.stringify(probes.originals)
  return {
    ...pod,
    metadata: { ...metadata, annotations },
    spec: {
      ...spec,
      ...containersWith(probes, adding, pod),
      volumes: volumes.reduce<readonly Volume[]>(put, spec.volumes ?? []),
    },
  }
}

/**
 * Native: before all others, so that init containers are guarded, too. Plain: the redirect comes after the init
 * containers, which would find nobody behind it yet.
 */
function containersWith({ containers, initContainers }: RewrittenProbes, adding: Adding, pod: Pod) {
  const { options, settings } = adding
  const redirect = kept(pod, initContainer(options, settings))
  const sidecar = kept(pod, adding.sidecar)
  const others = (list: readonly Container[], ...names: readonly string[]) =>
    list.filter(({ name }) => !names.includes(name))
  const inits = others(initContainers, containerNames.init, containerNames.proxy)
  if (options.sidecar === 'native')
    return {
      containers: others(containers, containerNames.init, containerNames.proxy),
      initContainers: [redirect, sidecar, ...inits],
    }
  return {
    containers: put(others(containers, containerNames.init), sidecar),
    initContainers: [...inits, redirect],
  }
}

/** In the place of the one with its name, or at the end. */
function put<T extends { readonly name: string }>(list: readonly T[], item: T): readonly T[] {
  const at = list.findIndex(({ name }) => name === item.name)
  return at < 0 ? [...list, item] : list.toSpliced(at, 1, item)
}

type Amounts = { readonly requests?: object; readonly limits?: object }

/** Amounts that a LimitRange added to ours stay: they would only come back. */
function kept(pod: Pod, made: Container): Container {
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const there = all.find(({ name }) => name === made.name)?.resources as Amounts | undefined
  if (there === undefined) return made
  const ours = made.resources as Amounts
  const merged = {
    requests: { ...there.requests, ...ours.requests },
    limits: { ...there.limits, ...ours.limits },
  }
  return isDeepStrictEqual(there, merged) ? { ...made, resources: merged } : made
}

const hashes = new WeakMap<InjectionSettings, string>()

/** Of everything that the settings and this version make of a plain pod. */
export function templateHash(settings: InjectionSettings): string {
  const known = hashes.get(settings)
  if (known !== undefined) return known
  const options = parseAnnotations({}, settings)
  if (!options.ok) throw new Error(`settings: ${JSON.stringify(options.problems)}`)
  const { value } = options
  const parts = [
    initContainer(value, settings),
    proxyContainer(value, settings, { probes: [], graceSeconds: undefined }),
  ]
  const hash = createHash('sha256')
    .update(JSON.stringify([...parts, volumes]))
    .digest('hex')
    .slice(0, 12)
  hashes.set(settings, hash)
  return hash
}
