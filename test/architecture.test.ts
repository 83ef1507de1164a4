/**
 * ARCHITECTURE.md's map as a test: who may import whom. A folder not listed here may not exist.
 * Tests beside the code may use `test/support` and whatever the folder's neighbours export; the rule is for what ships.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

/** Part → the parts it may import (itself always), and the outside modules it may use (`*`: any). */
type Allowed = { readonly parts: readonly string[]; readonly modules: readonly string[] }
const map: Readonly<Record<string, Allowed>> = {
  'xds-server/policy': { parts: [], modules: [] },
  'xds-server/compile': { parts: ['xds-server/policy'], modules: [] },
  'xds-server/kubernetes': { parts: ['xds-server/policy', 'xds-server/envoy'], modules: ['*'] },
  'xds-server/envoy': { parts: [], modules: ['*'] },
  'xds-server/xds': { parts: ['xds-server/compile', 'xds-server/envoy'], modules: ['*'] },
  'xds-server/store': { parts: ['xds-server/policy'], modules: ['*'] },
  'xds-server/observe': {
    parts: ['xds-server/policy', 'xds-server/compile', 'xds-server/envoy', 'xds-server/store'],
    modules: ['*'],
  },
  'xds-server/api': {
    parts: ['xds-server/policy', 'xds-server/compile', 'xds-server/store', 'xds-server/observe', 'xds-server/xds'],
    modules: ['*'],
  },
  'xds-server': { parts: ['*'], modules: ['*'] },
  'classifier/protocol': { parts: [], modules: [] },
  'classifier/sniffer': { parts: ['classifier/protocol'], modules: ['*'] },
  'classifier/text': { parts: [], modules: ['*'] },
  'classifier/content': { parts: [], modules: ['*'] },
  'classifier/waf': { parts: ['classifier/text', 'classifier/content', 'xds-server/policy'], modules: ['*'] },
  'classifier/dlp': {
    parts: ['classifier/text', 'classifier/content', 'classifier/waf', 'xds-server/policy'],
    modules: ['*'],
  },
  'classifier/inspection': {
    parts: ['classifier/content', 'classifier/text', 'classifier/waf', 'classifier/dlp', 'xds-server/policy'],
    modules: ['*'],
  },
  'classifier/http': {
    parts: ['classifier/inspection', 'xds-server/compile', 'xds-server/policy'],
    modules: ['*'],
  },
  classifier: {
    parts: ['classifier/protocol', 'classifier/text', 'classifier/inspection', 'classifier/http'],
    modules: ['*'],
  },
  webhook: { parts: ['xds-server/policy', 'xds-server/compile'], modules: ['*'] },
  cli: { parts: ['xds-server/api', 'xds-server/policy', 'xds-server/store', 'classifier'], modules: ['*'] },
  lab: {
    parts: ['xds-server/policy', 'xds-server/compile', 'xds-server/api', 'xds-server/envoy', 'cli'],
    modules: ['*'],
  },
  scripts: { parts: ['*'], modules: ['*'] },
  test: { parts: ['*'], modules: ['*'] },
  '': { parts: ['*'], modules: ['*'] },
}

/** Only these may touch protobuf, and only these Envoy's log entries (invariant 3). */
const protobufOwners = ['xds-server/envoy', 'xds-server/xds', 'test']

const parts = Object.keys(map).sort((a, b) => b.length - a.length)
const partOf = (file: string): string | undefined => parts.find((p) => p === '' || file.startsWith(`${p}/`))

type Import = { readonly file: string; readonly target: string }
const pattern = /(?:^|\n)\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(['"]([^'"]+)['"]\)/g

function importsOf(file: string): readonly Import[] {
  const source = readFileSync(file, 'utf8')
  return [...source.matchAll(pattern)].map((m) => ({ file, target: (m[1] ?? m[2])! }))
}

/** Why this import is not allowed, or undefined. */
function objection({ file, target }: Import): string | undefined {
  const from = partOf(file)
  if (from === undefined) return `${file} belongs to no part of the map`
  const allowed = map[from]!
  if (!target.startsWith('.')) {
    if (target === 'protobufjs' && !protobufOwners.includes(from)) return `${file} knows protobuf`
    return allowed.modules.includes('*') ? undefined : `${file} imports the module ${target}`
  }
  const to = partOf(normalize(join(dirname(file), target)))
  if (to === from || allowed.parts.includes('*')) return undefined
  if (to !== undefined && allowed.parts.some((p) => to === p || to.startsWith(`${p}/`))) return undefined
  return `${file} (${from}) imports ${target} (${to})`
}

const isTest = (file: string): boolean => /\.test\.ts$|\/testdata\/|^xds-server\/store\/contract\.ts$/.test(file)
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((f) => f !== '' && !f.startsWith('classifier/sniffer/wasm/'))

describe('the map', () => {
  test('each part imports only what ARCHITECTURE.md allows', () => {
    const objections = files
      .filter((f) => !isTest(f))
      .flatMap(importsOf)
      .flatMap((i) => objection(i) ?? [])
    expect(objections).toEqual([])
  })

  test('the test sees what it is there to see', () => {
    expect(objection({ file: 'xds-server/policy/decide.ts', target: 'node:fs' })).toMatch(/imports the module/)
    expect(objection({ file: 'xds-server/compile/rbac.ts', target: '../xds/store.ts' })).toMatch(/imports/)
    expect(objection({ file: 'xds-server/observe/learner.ts', target: 'protobufjs' })).toMatch(/protobuf/)
    expect(objection({ file: 'xds-server/compile/rbac.ts', target: '../policy/model.ts' })).toBeUndefined()
  })

  test('every part of the map stands in ARCHITECTURE.md', () => {
    const text = readFileSync('ARCHITECTURE.md', 'utf8')
    const present = parts.filter((p) => p !== '' && files.some((f) => f.startsWith(`${p}/`)))
    expect(present.filter((p) => !text.includes(`\`${p}/`))).toEqual([])
  })
})
