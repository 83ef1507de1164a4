/**
 * The golden cases: `<case>/pod.yaml` is the pod as the API server sends it, `patched.yaml` what becomes of it,
 * `refused.yaml` or `skipped.yaml` why nothing does. `settings.yaml`: what the operator said differently.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { type Injection, inject, templateHash } from '../injection/inject.ts'
import { type Pod, podSchema } from '../injection/pod.ts'
import type { InjectionSettings } from '../injection/settings.ts'
import { applyPatch } from './apply-patch.ts'
import { settings } from './settings.ts'

export const caseNames: readonly string[] = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort()

const fileOf = (name: string, file: string): string => join(import.meta.dirname, name, file)

export const podOf = (name: string): Pod => podSchema.parse(parse(readFileSync(fileOf(name, 'pod.yaml'), 'utf8')))

export function settingsOf(name: string): InjectionSettings {
  const file = fileOf(name, 'settings.yaml')
  return existsSync(file) ? { ...settings, ...parse(readFileSync(file, 'utf8')) } : settings
}

export const namespaceOf = (pod: Pod): string => pod.metadata.namespace ?? 'shop'

const outcomes: Record<Injection['kind'], string> = {
  patch: 'patched.yaml',
  refused: 'refused.yaml',
  skip: 'skipped.yaml',
}
type Shown = { readonly file: string; readonly text: string }

/** Only the first case shows the whole bootstrap, the others what probes make of it. */
const wholeBootstrap = 'bare'

function readable(name: string, pod: Pod): object {
  return JSON.parse(JSON.stringify(pod), (_, value: unknown) => {
    // it changes with every line of the template
    if (value === templateHash(settingsOf(name))) return 'THE_TEMPLATE'
    if (typeof value !== 'string' || !value.startsWith('{"node"')) return value
    const boot = JSON.parse(value)
    if (name === wholeBootstrap) return boot
    const [, , ...clusters] = boot.static_resources.clusters
    const [manager] = boot.static_resources.listeners[0].filter_chains[0].filters
    const { route_config, http_filters } = manager.typed_config
    const [, ...routes] = route_config.virtual_hosts[0].routes
    return { clusters, routes, http_filters: http_filters.slice(0, -1) }
  })
}

export function shown(name: string): Shown {
  const pod = podOf(name)
  const injection = inject(pod, namespaceOf(pod), settingsOf(name))
  const { kind, ...rest } = injection
  const content = injection.kind === 'patch' ? readable(name, applyPatch(pod, injection.patch)) : rest
  return { file: outcomes[kind], text: stringify(content, { lineWidth: 0, aliasDuplicateObjects: false }) }
}

export function golden(name: string): Shown[] {
  return Object.values(outcomes)
    .filter((file) => existsSync(fileOf(name, file)))
    .map((file) => ({ file, text: readFileSync(fileOf(name, file), 'utf8') }))
}

export function writeGolden(name: string, { file, text }: Shown): void {
  for (const { file: old } of golden(name)) rmSync(fileOf(name, old))
  writeFileSync(fileOf(name, file), text)
}
