/** Small random worlds in which everything meets: for property tests against naive references. */
import fc from 'fast-check'
import { aRule, aWorkload, aWorld, someTime } from '../../../test/support/builders.ts'
import type { Criterion, Flow, Group, HttpMatch, HttpRequest, PortRange, Rule, Workload, World } from '../model.ts'

const one = fc.constantFrom

const workloads: fc.Arbitrary<readonly Workload[]> = fc
  .array(
    fc.record({
      namespace: one('a', 'ab', 'b'),
      owner: one('ui', 'db'),
      app: one(undefined, 'x', 'xy'),
      managed: one(true, true, false),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((specs) =>
    specs.map(({ namespace, owner, app, managed }, i) =>
      aWorkload(`${owner}-${i}`, {
        namespace,
        owner: { kind: 'Deployment', name: owner },
        labels: app === undefined ? {} : { app },
        image: `registry/${owner}:${i}`,
        ips: [`10.42.0.${10 + i}`, `fd00::${10 + i}`],
        managed,
      }),
    ),
  )

const criterionKey = one<Criterion['key'][]>('namespace', 'service', 'label.app', 'nsLabel.team', 'workload', 'image')

export const criterion: fc.Arbitrary<Criterion> = fc.oneof(
  fc.record({
    key: criterionKey,
    op: one<Criterion['op'][]>('=', '!=', '@', '^'),
    value: one('a', 'a*', '?', 'ui', 'ui-?', 'x', 'xy', 'red', '*db*'),
  }),
  fc.record({
    key: criterionKey,
    op: one<Criterion['op'][]>('~', '!~'),
    value: one('a', '^a.?$', 'ui|db', '^x+y?$', '[^d]b', '-[0-2]$'),
  }),
)

const groups: fc.Arbitrary<readonly Group[]> = fc.record({
  custom: fc.array(criterion, { maxLength: 3 }),
  other: fc.array(criterion, { maxLength: 2 }),
  places: fc.subarray(['192.0.2.1', '192.0.2.0/28', '192.0.2.0-192.0.2.9', '198.51.100.0/24', '10.0.0.0/8', '::/1']),
  names: fc.subarray(['www.example.com', '*.example.com', 'api.example.org', '192.0.2.3'], { minLength: 1 }),
  modes: fc.array(one('discover', 'monitor', 'protect', null), { minLength: 2, maxLength: 2 }),
}).map(({ custom, other, places, names, modes }): readonly Group[] => [
  { kind: 'custom', name: 'custom', comment: '', criteria: custom },
  { kind: 'custom', name: 'other', comment: '', criteria: other },
  { kind: 'address', name: 'places', comment: '', addresses: places },
  { kind: 'address', name: 'names', comment: '', addresses: names },
  { kind: 'learned', name: 'nv.ui.a', comment: '', mode: modes[0]! },
  { kind: 'learned', name: 'nv.db.b', comment: '', mode: modes[1]! },
])

const endName = one('nv.ui.a', 'nv.db.b', 'custom', 'other', 'places', 'containers', 'external', 'nodes', 'dns', 'unknown', 'any', 'any')
const ports: fc.Arbitrary<readonly PortRange[]> = one(
  [],
  [],
  [{ protocol: 'tcp', from: 80, to: 80 }],
  [{ protocol: 'tcp', from: 80, to: 90 }],
  [{ protocol: 'udp', from: 53, to: 53 }],
)
const applications = one([], [], ['http'], ['http2'], ['grpc'], ['redis', 'tls'], ['unknown'])

const httpMatch: fc.Arbitrary<HttpMatch> = fc.record({
  methods: one([], ['GET'], ['POST', 'PUT']),
  paths: one<readonly string[]>([], ['/a'], ['/a/*'], ['/a/{id}', '/b']),
  hosts: one([], ['www.example.com'], ['*.example.com']),
  headers: one([], [], [{ name: 'x-team', exact: 'red' }], [{ name: 'x-team', present: true }]),
  grpc: one([], [], [], ['pkg.Svc/*']),
})

const http = fc.oneof(
  { weight: 3, arbitrary: fc.constant<readonly HttpMatch[]>([]) },
  { weight: 1, arbitrary: fc.array(httpMatch, { minLength: 1, maxLength: 2 }) },
)

export const rule: fc.Arbitrary<Rule> = fc
  .record({
    from: endName,
    to: fc.oneof({ weight: 5, arbitrary: endName }, { weight: 1, arbitrary: one('names') }),
    ports,
    applications,
    http,
    action: one('allow', 'deny'),
    disabled: one(false, false, false, true),
  })
  .map(({ from, to, ...rest }) => aRule(from, to, rest))

const settings = fc.record({
  mode: one(null, null, null, 'monitor'),
  modeResolution: one('destination', 'basic', 'strict'),
  newGroupMode: one('discover', 'monitor', 'protect'),
})

/** Rules have the ids `r0`, `r1`, … in order. */
export const world: fc.Arbitrary<World> = fc
  .record({
    workloads,
    groups,
    settings,
    rules: fc.array(rule, { maxLength: 8 }),
    namespaces: one({}, { a: { team: 'red' } }, { b: { 'postern.dev/mode': 'protect' }, a: { team: 'blue' } }),
  })
  .map(({ rules, ...parts }) =>
    aWorld({
      ...parts,
      rules: rules.map((r, i) => ({ ...r, id: `r${i}`, createdAt: someTime })),
      nodes: [{ name: 'node-1', ips: ['10.0.0.1', 'fd00::1'] }],
      podCidrs: ['10.42.0.0/16', 'fd00::/64'],
      dnsServers: ['10.43.0.10', '10.42.0.10'],
      resolved: { 'www.example.com': ['192.0.2.3', '10.42.0.11'], 'api.example.org': ['192.0.2.3', '203.0.113.9'] },
    }),
  )

/** Workloads, node, DNS server, nobody's pod address, and the outside in several places. */
export const addresses = [
  '10.42.0.10',
  '10.42.0.11',
  '10.42.0.12',
  'fd00::10',
  '10.0.0.1',
  '10.43.0.10',
  '10.42.9.9',
  '192.0.2.1',
  '192.0.2.3',
  '192.0.2.200',
  '198.51.100.7',
  '203.0.113.9',
  '2001:db8::1',
] as const

export const request: fc.Arbitrary<HttpRequest> = fc
  .record({
    method: one('GET', 'POST'),
    path: one('/a', '/a/7', '/b', '/c', '/a/x;y=1', '/a/%2fb', '/pkg.Svc/M'),
    host: one('www.example.com', 'API.example.org:80', 'h'),
    headers: one<HttpRequest['headers']>({}, { 'x-team': 'red' }, { 'x-team': 'blue' }),
    grpc: one(undefined, undefined, 'pkg.Svc/M'),
  })
  .map(({ grpc, ...rest }) => (grpc === undefined ? rest : { ...rest, grpc }))

/** At connect: nothing is known but addresses and port. */
export const connection: fc.Arbitrary<Flow> = fc.record({
  source: one(...addresses),
  destination: one(...addresses),
  port: one(80, 85, 443),
  protocol: one('tcp', 'tcp', 'tcp', 'udp'),
})
