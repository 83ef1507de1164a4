/**
 * The golden cases: `<case>/in.yaml` is a world as people write it and what to show of it, `out.yaml` is what became of
 * it. One feature each.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { aWorkload, aWorld } from '../../../test/support/builders.ts'
import { directory } from '../../policy/directory.ts'
import type { Inventory, Parsed, Workload, World } from '../../policy/model.ts'
import { parsePolicy } from '../../policy/parse-policy.ts'
import { compile } from '../compile.ts'
import type { Compiled } from '../model.ts'
import type { ClassifierOptions } from '../options.ts'

/** Only what matters is written: a pod of its own in namespace `shop`, unmanaged. */
type WrittenInventory = Partial<Omit<Inventory, 'workloads' | 'namespaces'>> & {
  readonly workloads: readonly (Partial<Workload> & Pick<Workload, 'id'>)[]
}

type Written = {
  readonly inventory: WrittenInventory
  readonly policy: unknown
  readonly options?: {
    readonly cuts?: Readonly<Record<string, number>>
    readonly ipv6?: boolean
    readonly classifier?: Omit<ClassifierOptions, 'token'>
  }
  /** Class → names of its resources; a part of a resource after `#`: steps with `/` between. */
  readonly show: Readonly<Record<string, readonly string[]>>
}

export const caseNames: readonly string[] = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort()

function valueOf<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.value
}

function worldOf({ inventory, policy }: Pick<Written, 'inventory' | 'policy'>): World {
  const workloads = inventory.workloads.map((one) => aWorkload(one.id, { namespace: 'shop', managed: false, ...one }))
  return { ...aWorld({ ...inventory, workloads }), policy: valueOf(parsePolicy(policy)) }
}

const read = (name: string): Written => parse(readFileSync(join(import.meta.dirname, name, 'in.yaml'), 'utf8'))

export function compiledCase(name: string): Compiled {
  const written = read(name)
  const { cuts = {}, ipv6 = true, classifier } = written.options ?? {}
  const asking = classifier && { classifier: { ...classifier, token: (profile: string) => `token of ${profile}` } }
  return compile(directory(worldOf(written)), { sniffer: 'AA==', cuts: new Map(Object.entries(cuts)), ipv6, ...asking })
}

/** A step into a list is an element's name (or its place). */
function part(value: unknown, path: string): unknown {
  return path.split('/').reduce((inner, step) => {
    const named = Array.isArray(inner) ? inner.find((one) => one.name === step) : undefined
    return named ?? (inner as Record<string, unknown>)[step]
  }, value)
}

/** What the case shows: each resource by name, and what people are told. */
export function shown(name: string): string {
  const compiled = compiledCase(name)
  const classes = Object.entries(read(name).show).map(([key, wanted]) => {
    const resources = compiled.classes.get(key)?.resources ?? []
    const bodies = wanted.map((text) => {
      const [resource, path] = text.split('#')
      // a cluster may be called like a listener
      const found = resources.findLast((one) => one.name === resource)
      if (found === undefined) return [text, 'none']
      return [text, { rules: found.rules, body: path === undefined ? found.body : part(found.body, path) }]
    })
    return [key, Object.fromEntries(bodies)]
  })
  const all = [...compiled.classes].map(([key, { resources }]) => [key, resources.map((one) => one.name)])
  return stringify(
    { resources: Object.fromEntries(all), classOf: Object.fromEntries(compiled.classOf), status: compiled.status, profiles: compiled.inspection.profiles, shown: Object.fromEntries(classes) },
    { aliasDuplicateObjects: false, lineWidth: 0 },
  )
}

const goldenFile = (name: string): string => join(import.meta.dirname, name, 'out.yaml')

export function golden(name: string): string {
  return readFileSync(goldenFile(name), 'utf8')
}

export function writeGolden(name: string, text: string): void {
  writeFileSync(goldenFile(name), text)
}
