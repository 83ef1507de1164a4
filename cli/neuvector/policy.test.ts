import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { aGroup } from '../../test/support/builders.ts'
import { InputProblems } from '../problems.ts'
import { type Session, session } from '../testdata/session.ts'
import { placed } from './places.ts'
import { readNeuVector } from './policy.ts'
import type { NeuVectorPolicy } from './together.ts'

const file = `apiVersion: v1
kind: List
metadata: null
items:
- apiVersion: neuvector.com/v1
  kind: NvWafSecurityRule
  metadata: {name: shop.attacks}
  spec:
    sensor:
      name: shop.attacks
      comment: what hits the shop
      rules:
      - name: Traversal
        patterns:
        - {context: url, key: pattern, op: regex, value: '/\\.\\./'}
        - {context: url, key: pattern, op: '!regex', value: ^/docs/}
      - name: whole:packet
        patterns:
        - {context: packet, key: pattern, op: regex, value: cmd\\.exe}
- apiVersion: neuvector.com/v1
  kind: NvClusterSecurityRule
  metadata: {name: containers}
  spec:
    target: {policymode: N/A, selector: {name: containers, criteria: []}}
    dlp: {status: true, settings: [{name: fed.sensor.ssn, action: deny}]}
---
apiVersion: neuvector.com/v1
kind: NvDlpSecurityRule
metadata: {name: customers}
spec:
  sensor:
    name: customers
    rules:
    - name: numbers
      patterns:
      - {key: pattern, op: regex, value: 'C-\\d{6}'}
---
# a comment is no document
---
apiVersion: neuvector.com/v1
kind: NvSecurityRule
metadata: {name: shop, namespace: shop}
spec:
  egress: []
  ingress: [{name: shop-ingress-0, action: allow}]
  target: {policymode: Protect, selector: {name: shop, criteria: [{key: domain, op: =, value: shop}]}}
  waf: {status: true, settings: [{name: shop.attacks, action: deny}, {name: sensor.log4shell, action: deny}, {name: sensor.spring4shell, action: allow}]}
  dlp: {status: false, settings: [{name: customers, action: allow}]}
---
apiVersion: v1
kind: ConfigMap
`

const imported: Omit<NeuVectorPolicy, 'places'> = {
  wafSensors: [
    {
      name: 'shop.attacks',
      comment: 'what hits the shop',
      rules: [
        {
          name: 'Traversal',
          patterns: [
            { regex: '/\\.\\./', contexts: ['url'] },
            { regex: '^/docs/', have: false, contexts: ['url'] },
          ],
        },
        { name: 'whole:packet', patterns: [{ regex: 'cmd\\.exe' }] },
      ],
    },
  ],
  dlpSensors: [
    { name: 'customers', rules: [{ name: 'numbers', patterns: [{ regex: 'C-\\d{6}', contexts: ['body'] }] }] },
  ],
  inspections: [
    { group: 'containers', dlp: [{ sensor: 'ssn', action: 'deny' }] },
    {
      group: 'shop',
      waf: [
        { sensor: 'shop.attacks', action: 'deny' },
        { sensor: 'base', action: 'deny' },
      ],
      dlp: [],
    },
  ],
  notes: [
    'shop.attacks: packet is URL, headers and body of HTTP here (whole:packet)',
    'shop: network rules are not imported, only sensors',
    'shop: dlp is switched off there: nothing is bound',
    'documents[4]: ConfigMap is not imported',
    "fed.sensor.ssn is NeuVector's own: our ssn stands in for it",
    "sensor.log4shell is NeuVector's own: our base stands in for it",
    "sensor.spring4shell is NeuVector's own: our base stands in for it",
  ],
}

const problems = (text: string): readonly string[] => {
  const read = readNeuVector(text)
  return read.ok ? [] : read.problems.map(({ path, message }) => `${path}: ${message}`)
}
const resource = (kind: string, spec: unknown): string => JSON.stringify({ kind, spec })

describe('a file of NeuVector’s resources', () => {
  test('becomes sensors and bindings, with a note for all that means something else here', () => {
    const read = readNeuVector(file)
    expect(read.ok && { ...read.value, places: undefined }).toEqual({ ...imported, places: undefined })
  })

  test('a sensor of the file’s own is bound where it has a predefined one’s name', () => {
    const own = resource('NvDlpSecurityRule', { sensor: { name: 'sensor.ssn', rules: [] } })
    const bound = { target: { selector: { name: 'a' } }, dlp: { settings: [{ name: 'sensor.ssn', action: 'deny' }] } }
    const read = readNeuVector(`${own}\n---\n${resource('NvSecurityRule', bound)}`)
    expect(read.ok && read.value.inspections).toEqual([{ group: 'a', dlp: [{ sensor: 'sensor.ssn', action: 'deny' }] }])
  })

  test('every problem has its place', () => {
    const sensor = {
      name: 7,
      rules: [
        { name: 'a', patterns: [{ key: 'port', op: 'like', value: 'x', context: 'uri' }, { op: 'regex' }] },
        { patterns: 'x' },
      ],
    }
    const group = { target: { selector: {} }, waf: { status: 'on', settings: [{ name: 'a', action: 'alert' }] } }
    expect(problems(`${resource('NvWafSecurityRule', { sensor })}\n---\n${resource('NvSecurityRule', group)}`)).toEqual(
      [
        'documents[0].spec.sensor.name: must be a text, not a number',
        'documents[0].spec.sensor.rules[0].patterns[0].key: must be pattern',
        'documents[0].spec.sensor.rules[0].patterns[0].op: must be regex, !regex',
        'documents[0].spec.sensor.rules[0].patterns[0].context: must be url, header, body, packet; did you mean `url`?',
        'documents[0].spec.sensor.rules[0].patterns[1].value: is missing',
        'documents[0].spec.sensor.rules[1].name: is missing',
        'documents[0].spec.sensor.rules[1].patterns: must be a list, not a string',
        'documents[1].spec.target.selector.name: is missing',
        'documents[1].spec.waf.status: must be true or false, not a string',
        'documents[1].spec.waf.settings[0].action: must be allow, deny',
      ],
    )
    expect(problems('kind: NvDlpSecurityRule')).toEqual(['documents[0].spec: is missing'])
    const nothing =
      ': there is none of NvWafSecurityRule, NvDlpSecurityRule, NvSecurityRule, NvClusterSecurityRule in it'
    for (const text of ['', '3', '[]', 'kind: Pod', 'kind: List\nitems: [null, 4]'])
      expect(problems(text)).toEqual([nothing])
  })

  test('what is no YAML is told with its line; a bomb is none', () => {
    expect(() => readNeuVector('kind: Pod\n---\na: b\n c: d\n')).toThrow(InputProblems)
    const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`)
    expect(() => readNeuVector(`a0: &a0 [x]\n${levels.join('\n')}`)).toThrow(/alias/i)
  })

  test('whatever is in it, it is read or refused', () => {
    const names = [
      'kind',
      'items',
      'spec',
      'sensor',
      'rules',
      'patterns',
      'target',
      'selector',
      'name',
      'waf',
      'settings',
    ]
    const junk = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom(null, '', 'a', 1, 'NvWafSecurityRule', 'NvSecurityRule', 'List'),
        tie('list'),
        tie('object'),
      ),
      list: fc.array(tie('any'), { maxLength: 3 }),
      object: fc.dictionary(fc.constantFrom(...names), tie('any')),
    })).any
    fc.assert(
      fc.property(junk, (content) => {
        const read = readNeuVector(JSON.stringify(content))
        expect(read.ok ? read.value.places.size > 0 : read.problems.length > 0).toBe(true)
      }),
    )
  })

  test('places of ours are those of the file', () => {
    const read = readNeuVector(file)
    const places = read.ok ? read.value.places : new Map()
    const at = (path: string) => placed({ path, message: '' }, places).path
    expect(at('wafSensors[0].rules[0].patterns[1].regex')).toBe(
      'documents[0].items[0].spec.sensor.rules[0].patterns[1].value',
    )
    expect(at('wafSensors[0].rules[0].patterns[1].contexts[0]')).toBe(
      'documents[0].items[0].spec.sensor.rules[0].patterns[1].context',
    )
    expect(at('dlpSensors[0].name')).toBe('documents[1].spec.sensor.name')
    expect(at('inspections[1].group')).toBe('documents[3].spec.target.selector.name')
    expect(at('inspections[1].waf[0].sensor')).toBe('documents[3].spec.waf.settings[0].name')
    expect(at('wafSensors[01].name')).toBe('wafSensors[01].name')
  })
})

describe('postern sensors import-neuvector', () => {
  let at: Session
  beforeEach(async () => {
    const groups = [aGroup('shop', { criteria: [{ key: 'namespace', op: '=', value: 'shop' }] })]
    const kept = {
      group: 'shop',
      waf: [],
      dlp: [{ sensor: 'ssn', action: 'deny' as const }],
      onFailure: 'failOpen' as const,
    }
    at = await session({ policy: { groups, inspections: [kept] } })
  })
  afterEach(() => at.plane.close())
  const run = (text: string, ...more: readonly string[]) =>
    at.withFiles({ 'nv.yaml': text }, 'sensors', 'import-neuvector', 'nv.yaml', ...more)

  test('saves all of it, keeps the rest, and is the same the second time', async () => {
    const dry = await run(file, '--dry-run')
    expect([dry.code, dry.out.split('\n')[0]]).toEqual([0, 'Would change:'])
    expect(at.plane.store.read('wafSensors').value).toEqual([])
    const { code, err, out } = await run(file)
    expect([code, err]).toEqual([0, imported.notes.map((note) => `note: ${note}\n`).join('')])
    expect(out).toBe(dry.out.replace('Would change', 'Changed'))
    expect(at.plane.store.read('inspections').value).toEqual([
      { group: 'containers', waf: [], dlp: [{ sensor: 'ssn', action: 'deny' }], onFailure: 'failClosed' },
      { group: 'shop', waf: imported.inspections[1]!.waf, dlp: [], onFailure: 'failOpen' },
    ])
    expect((await run(file)).out).toBe('Changed:\n  nothing\n')
  })

  test('what the API refuses has its place in the file', async () => {
    const sensor = { name: 'crs', rules: [{ name: 'a', patterns: [{ op: '!regex', value: 'x' }] }] }
    const waf = { settings: [{ name: 'no.such', action: 'deny' }] }
    const group = { target: { selector: { name: 'unheard' } }, waf }
    const text = `${resource('NvSecurityRule', group)}\n---\n${resource('NvWafSecurityRule', { sensor })}`
    expect(await run(text)).toMatchObject({
      code: 1,
      err: 'error: documents[1].spec.sensor.rules[0].patterns: at least one pattern must be had: without, every message matches\n',
    })
    expect((await run(resource('NvSecurityRule', group))).err).toBe(
      'error: documents[0].spec.target.selector.name: `unheard` is no group of workloads\nerror: documents[0].spec.waf.settings[0].name: `no.such` is no WAF sensor\n',
    )
    expect((await run('a: b: c')).err).toMatch(/^error: line 1: /)
    expect((await run('kind: Pod')).err).toMatch(/^error: there is none of NvWafSecurityRule/)
  })
})
