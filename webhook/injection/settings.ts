/** What the operator decides for all pods (a file), and what a pod may decide for its own sidecar (annotations). */
import type { Parsed } from '../../xds-server/policy/model.ts'
import {
  anyText,
  flag,
  integer,
  list,
  optional,
  parseWith,
  required,
  struct,
  text,
} from '../../xds-server/policy/parse.ts'
import { quantity } from './quantity.ts'

export type Resources = {
  readonly cpuRequest: string
  readonly memoryRequest: string
  /** None: Envoy has one worker, and a throttled sidecar is a slow app. */
  readonly cpuLimit?: string
  readonly memoryLimit: string
}

export type InjectionSettings = {
  readonly controlPlane: { readonly host: string; readonly port: number; readonly serverName: string }
  /** Who may sign the control plane's certificate, PEM; old and new while the authority is changed. */
  readonly ca: string
  readonly proxyImage: string
  /** Has `/postern/redirect.sh` (webhook/init) and what that needs. */
  readonly initImage: string
  /** `29` of 1.29: what sidecars can be there. */
  readonly kubernetesMinor: number
  /** Pods there are never touched, whatever the webhook's configuration says. */
  readonly excludedNamespaces: readonly string[]
  /** Inject pods whose containers could undo the redirect. */
  readonly allowNetAdmin: boolean
  readonly resources: Resources
}

/** The smallest memory limit: an idle sidecar with 24 listeners has 97 MB (bench/RESULTS.md). */
export const minMemoryBytes = 128 * 2 ** 20
/** A repository, with a registry and a tag or digest as wanted. */
const imagePattern = /^[a-z0-9](?:[a-z0-9._:/-]*[a-z0-9])?(?::[\w.-]{1,128})?(?:@sha256:[0-9a-f]{64})?$/
const maxImage = 512

export type Judged = { readonly value: string } | { readonly wrong: string }

export const imageOf = (value: string): Judged =>
  value.length <= maxImage && imagePattern.test(value) ? { value } : { wrong: 'is no name of an image' }

export function cpuOf(value: string): Judged {
  const cores = quantity(value)
  return cores !== undefined && cores > 0 && cores <= 64 ? { value } : { wrong: 'must be an amount of CPU, like 100m' }
}

export function memoryOf(value: string): Judged {
  const bytes = quantity(value)
  return bytes !== undefined && bytes >= 2 ** 20 && bytes <= 2 ** 40
    ? { value }
    : { wrong: 'must be an amount of memory, like 256Mi' }
}

export function memoryLimitOf(value: string): Judged {
  const judged = memoryOf(value)
  return 'value' in judged && quantity(value)! < minMemoryBytes ? { wrong: 'must be at least 128Mi' } : judged
}

/** The measured sidecar (86 MB with Yelb's policy, bench/RESULTS.md) and room for its heap of 256 MiB. */
const defaultResources: Resources = { cpuRequest: '20m', memoryRequest: '128Mi', memoryLimit: '384Mi' }
const systemNamespaces = ['kube-system', 'kube-public', 'kube-node-lease']

const settingsFile = struct<Omit<InjectionSettings, 'ca'>>({
  controlPlane: required(
    struct<InjectionSettings['controlPlane']>({
      host: required(anyText(253)),
      port: required(integer(1, 65_535)),
      serverName: required(anyText(253)),
    }),
  ),
  proxyImage: required(text(imageOf)),
  initImage: required(text(imageOf)),
  kubernetesMinor: required(integer(25, 200)),
  excludedNamespaces: optional(list(anyText(63), 1_000), systemNamespaces),
  allowNetAdmin: optional(flag, false),
  resources: optional(
    struct<Resources>({
      cpuRequest: optional(text(cpuOf), defaultResources.cpuRequest),
      memoryRequest: optional(text(memoryOf), defaultResources.memoryRequest),
      cpuLimit: { read: text(cpuOf), absent: 'omit' },
      memoryLimit: optional(text(memoryLimitOf), defaultResources.memoryLimit),
    }),
    defaultResources,
  ),
})

/**
 * Reads the settings file (JSON). The authority comes on its own: it changes by itself.
 * @param ca PEM, one or more certificates
 */
export function parseSettings(input: unknown, ca: string): Parsed<InjectionSettings> {
  const parsed = parseWith(settingsFile, input)
  if (!/-----BEGIN CERTIFICATE-----/.test(ca)) {
    const problem = { path: 'ca', message: 'holds no certificate (PEM)' }
    return { ok: false, problems: [...(parsed.ok ? [] : parsed.problems), problem] }
  }
  return parsed.ok ? { ok: true, value: { ...parsed.value, ca } } : parsed
}
