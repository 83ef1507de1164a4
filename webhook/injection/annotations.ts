/**
 * `postern.dev/…` annotations of a pod: what it wants of its sidecar. An unknown one is refused, since a setting that
 * is silently ignored is one that somebody relies on.
 */
import type { Parsed, Problem } from '../../xds-server/policy/model.ts'
import { guesses } from '../../xds-server/policy/parse.ts'
import { annotationPath, injectLabel, prefix, written } from './names.ts'
import { quantity } from './quantity.ts'
import { cpuOf, type InjectionSettings, imageOf, memoryLimitOf, memoryOf, type Resources } from './settings.ts'

/** `native`: an init container that stays (Kubernetes 1.29). `plain`: one container among the others. */
export type SidecarKind = 'native' | 'plain'

export type PodOptions = {
  readonly proxyImage: string
  readonly resources: Resources
  /** TCP ports that bypass the sidecar, and with it every rule. */
  readonly excludeInbound: readonly number[]
  readonly excludeOutbound: readonly number[]
  readonly logLevel: string
  /** How long the sidecar goes on after its pod is told to end: what the app has sent must leave. */
  readonly drainSeconds: number
  readonly sidecar: SidecarKind
  readonly rewriteProbes: boolean
}

type Read<T> = { readonly value: T } | { readonly wrong: string }
const maxPorts = 64

const oneOf =
  <T extends string>(...values: readonly T[]) =>
  (text: string): Read<T> => {
    const value = values.find((one) => one === text)
    return value === undefined ? { wrong: `must be ${values.join(', ')}` } : { value }
  }

function ports(text: string): Read<readonly number[]> {
  const parts = text.trim() === '' ? [] : text.split(',').map((part) => part.trim())
  const good = parts.every((part) => /^[1-9]\d{0,4}$/.test(part) && Number(part) <= 65_535)
  if (!good || parts.length > maxPorts) return { wrong: `must be at most ${maxPorts} ports with commas between` }
  return { value: [...new Set(parts.map(Number))].sort((a, b) => a - b) }
}

function drain(text: string): Read<number> {
  const good = /^\d{1,3}$/.test(text) && Number(text) <= 600
  return good ? { value: Number(text) } : { wrong: 'must be seconds, from 0 to 600' }
}

/** Annotation (without `postern.dev/`) → its reader. This table is the documentation of what there is. */
const readers = {
  'proxy-image': imageOf,
  'proxy-cpu-request': cpuOf,
  'proxy-cpu-limit': cpuOf,
  'proxy-memory-request': memoryOf,
  'proxy-memory-limit': memoryLimitOf,
  'exclude-inbound-ports': ports,
  'exclude-outbound-ports': ports,
  'log-level': oneOf('trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'),
  'drain-seconds': drain,
  sidecar: oneOf<SidecarKind>('native', 'plain'),
  'rewrite-probes': oneOf('enabled', 'disabled'),
} as const satisfies Record<string, (text: string) => Read<unknown>>

type Name = keyof typeof readers
type Values = { -readonly [K in Name]?: Extract<ReturnType<(typeof readers)[K]>, { value: unknown }>['value'] }

const names = Object.keys(readers) as readonly Name[]
const isName = (name: string): name is Name => Object.hasOwn(readers, name)
const ownWriting: ReadonlySet<string> = new Set(Object.values(written))

export function parseAnnotations(
  annotations: Readonly<Record<string, string>>,
  settings: InjectionSettings,
): Parsed<PodOptions> {
  const values: Values = {}
  const problems: Problem[] = []
  const guess = guesses(names)
  for (const [annotation, text] of Object.entries(annotations)) {
    if (!annotation.startsWith(prefix) || ownWriting.has(annotation)) continue
    const name = annotation.slice(prefix.length)
    const read: Read<unknown> = isName(name) ? readers[name](text) : { wrong: unknown(annotation, guess(name)) }
    if ('wrong' in read) problems.push({ path: annotationPath(annotation), message: read.wrong })
    else Object.assign(values, { [name]: read.value })
  }
  const options = withDefaults(values, settings)
  problems.push(...contradictions(options))
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: options }
}

function unknown(annotation: string, guess: string): string {
  if (annotation === injectLabel) return 'is a label of the pod, not an annotation'
  return `is not an annotation of Postern's${guess || ` (there are: ${names.join(', ')})`}`
}

function withDefaults(values: Values, settings: InjectionSettings): PodOptions {
  const { cpuRequest, memoryRequest, cpuLimit, memoryLimit } = settings.resources
  const limit = values['proxy-cpu-limit'] ?? cpuLimit
  return {
    proxyImage: values['proxy-image'] ?? settings.proxyImage,
    resources: {
      cpuRequest: values['proxy-cpu-request'] ?? cpuRequest,
      memoryRequest: values['proxy-memory-request'] ?? memoryRequest,
      ...(limit !== undefined && { cpuLimit: limit }),
      memoryLimit: values['proxy-memory-limit'] ?? memoryLimit,
    },
    excludeInbound: values['exclude-inbound-ports'] ?? [],
    excludeOutbound: values['exclude-outbound-ports'] ?? [],
    logLevel: values['log-level'] ?? 'warning',
    drainSeconds: values['drain-seconds'] ?? defaultDrainSeconds,
    sidecar: values.sidecar ?? (settings.kubernetesMinor >= nativeSince ? 'native' : 'plain'),
    rewriteProbes: values['rewrite-probes'] !== 'disabled',
  }
}

/** On by default since 1.29. */
const nativeSince = 29
const defaultDrainSeconds = 5

function contradictions({ resources }: PodOptions): readonly Problem[] {
  const { cpuRequest, cpuLimit, memoryRequest, memoryLimit } = resources
  const above = (request: string, limit: string | undefined) =>
    limit !== undefined && quantity(request)! > quantity(limit)!
  const problem = (what: string, request: string, limit: string | undefined): readonly Problem[] =>
    above(request, limit)
      ? [
          {
            path: annotationPath(`${prefix}proxy-${what}-request`),
            message: `${request} is more than the limit, ${limit}`,
          },
        ]
      : []
  return [...problem('cpu', cpuRequest, cpuLimit), ...problem('memory', memoryRequest, memoryLimit)]
}
