import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aGroup, anHttp, aRule, someTime, tcp } from '../../test/support/builders.ts'
import { defaultPolicy, defaultSettings } from './defaults.ts'
import type { Parsed, Policy, PortRange } from './model.ts'
import { parseGroup } from './parse-group.ts'
import { parsePolicy, parseSettings, policyToDocument } from './parse-policy.ts'
import { parseRule, parseRules, ruleToDocument, unknownTime } from './parse-rule.ts'
import { formatPorts, normalisePorts, parsePorts } from './ports.ts'
import { rule, world } from './testdata/worlds.ts'

/** Problems as `path: message`. */
function problems<T>(parsed: Parsed<T>): readonly string[] {
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`)
}
function value<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.value
}
const times = { createdAt: someTime, updatedAt: someTime }
const ends = { from: 'any', to: 'any', action: 'allow' }

describe('ports', () => {
  test('text and ranges', () => {
    expect(value(parsePorts(' udp/53, 80,8500-8508 '))).toEqual([
      { protocol: 'tcp', from: 80, to: 80 },
      { protocol: 'tcp', from: 8500, to: 8508 },
      { protocol: 'udp', from: 53, to: 53 },
    ])
    expect([value(parsePorts('')), value(parsePorts('any'))]).toEqual([[], []])
    expect(formatPorts(value(parsePorts('1-10,5-20,21')))).toBe('1-20,21')
    expect(formatPorts([])).toBe('any')
  })

  test('every bad part is named', () => {
    expect(problems(parsePorts('0,80-70,65536,http,80/tcp', 'ports'))).toEqual([
      'ports: `0` is not between 1 and 65535',
      'ports: `80-70` counts backwards',
      'ports: `65536` is not between 1 and 65535',
      'ports: `http` is no port; write 80, 8500-8508 or udp/53',
      'ports: `80/tcp` is no port; write 80, 8500-8508 or udp/53',
    ])
    expect(problems(parsePorts(Array.from({ length: 101 }, (_, i) => 2 * i + 1).join()))).toEqual([
      ': has more than 100 ranges',
    ])
  })

  test('what is formatted is read back the same, and means the same', () => {
    const range: fc.Arbitrary<PortRange> = fc
      .record({ protocol: fc.constantFrom('tcp', 'udp'), from: fc.integer({ min: 1, max: 60 }), span: fc.nat(10) })
      .map(({ protocol, from, span }) => ({ protocol, from, to: from + span }))
    const covers = (ports: readonly PortRange[], p: number) =>
      ports.some((r) => r.protocol === 'tcp' && r.from <= p && p <= r.to)
    fc.assert(
      fc.property(fc.array(range, { minLength: 1 }), fc.nat(80), (ports, port) => {
        const normal = normalisePorts(ports)
        expect(value(parsePorts(formatPorts(normal)))).toEqual(normal)
        expect(covers(normal, port)).toBe(covers(ports, port))
      }),
    )
  })
})

describe('a rule', () => {
  test('needs only its ends and what it does', () => {
    const parsed = value(parseRule({ from: 'nv.ui.yelb', to: 'nv.db.yelb', action: 'allow', comment: null }))
    const { id, ...rest } = aRule('nv.ui.yelb', 'nv.db.yelb', { createdAt: unknownTime, updatedAt: unknownTime })
    expect(parsed).toEqual({ ...rest, id: parsed.id })
    expect(parsed.id).toMatch(/^rule-[0-9a-z]{10}$/)
    expect(id).not.toBe(parsed.id)
  })

  test('in full', () => {
    const parsed = parseRule({
      id: 'votes',
      comment: 'who may vote',
      from: 'external',
      to: 'nv.app.yelb',
      applications: ['http'],
      ports: 4567,
      http: [
        { methods: ['post'], paths: ['/api/*'], hosts: ['Yelb.example.'], headers: [{ name: 'X-Team', prefix: 'r' }] },
        { grpc: ['yelb.Votes/*'] },
      ],
      action: 'deny',
      disabled: true,
      origin: 'imported',
      ...times,
    })
    expect(value(parsed)).toEqual(
      aRule('external', 'nv.app.yelb', {
        id: 'votes',
        comment: 'who may vote',
        applications: ['http'],
        ports: tcp(4567),
        http: [
          anHttp({
            methods: ['POST'],
            paths: ['/api/*'],
            hosts: ['yelb.example'],
            headers: [{ name: 'x-team', prefix: 'r' }],
          }),
          anHttp({ grpc: ['yelb.Votes/*'] }),
        ],
        action: 'deny',
        disabled: true,
        origin: 'imported',
      }),
    )
  })

  test('every problem at once, with its path', () => {
    const written = {
      id: 'default',
      form: 'any',
      to: 'nv.db',
      applications: ['http', 'postgres', 'kafak'],
      ports: '80,x',
      http: [
        { method: ['GET'], methods: ['G T'], paths: ['api'], hosts: ['a.example:80', 'x y'] },
        {
          headers: [{ name: 'a_b', present: true }, { name: 'x', exact: 'a', prefix: 'b' }, { name: 'x' }, 'x'],
          grpc: ['Votes'],
        },
        {
          headers: [
            { name: 'Host', exact: 'a' },
            { name: 'x', present: false },
          ],
        },
      ],
      action: 'permit',
      disabled: 'no',
      createdAt: 'yesterday',
    }
    expect(problems(parseRule(written, 'rules[3]'))).toEqual([
      'rules[3].form: is not a field here; did you mean `from`?',
      'rules[3].id: `default` is what is said where no rule matched',
      'rules[3].from: is missing',
      'rules[3].to: `nv.db` is no learned group: these are called nv.<owner>.<namespace>',
      'rules[3].applications[1]: `postgres` is no application; did you mean `postgresql`?',
      'rules[3].applications[2]: `kafak` is no application; did you mean `kafka`?',
      'rules[3].ports: `x` is no port; write 80, 8500-8508 or udp/53',
      'rules[3].http[0].method: is not a field here; did you mean `methods`?',
      'rules[3].http[0].methods[0]: `G T` is no method',
      'rules[3].http[0].paths[0]: `api` must begin with /',
      'rules[3].http[0].hosts[0]: `a.example:80` is no host name (write it without its port: hosts are compared without)',
      'rules[3].http[0].hosts[1]: `x y` is no host name',
      'rules[3].http[1].headers[0].name: has a _: Envoy refuses requests with such headers',
      'rules[3].http[1].headers[1].prefix: is not a field here (fields: name, exact)',
      'rules[3].http[1].headers[2]: must be an object with name and one of exact, prefix, present',
      'rules[3].http[1].headers[3]: must be an object with name and one of exact, prefix, present',
      'rules[3].http[1].grpc[0]: `Votes` is no gRPC method; write package.Service/Method or package.Service/*',
      'rules[3].http[2].headers[0].name: is compared by `hosts`',
      'rules[3].http[2].headers[1].present: can only be true',
      'rules[3].action: must be allow, deny',
      'rules[3].disabled: must be true or false, not a string',
      'rules[3].createdAt: must be a time like 2026-01-31T12:00:00Z',
    ])
  })

  test('a request part beside an application that has no requests', () => {
    expect(problems(parseRule({ ...ends, applications: ['http', 'redis'], http: [{}] }))).toEqual([
      'applications: `redis` has no requests, so it can not stand beside an http part',
    ])
  })

  test.each<readonly [unknown, string]>([
    [null, ': must be an object, not nothing'],
    [[], ': must be an object, not a list'],
    ['rule', ': must be an object, not a string'],
    [{ ...ends, id: '../x' }, 'id: must be letters, digits and . _ : - and begin with a letter or digit'],
    [{ ...ends, id: 'x'.repeat(129) }, 'id: is longer than 128 characters'],
    [{ ...ends, from: 'a b' }, 'from: `a b` is no group name: letters, digits and . _ - only'],
    [{ ...ends, from: 7 }, 'from: must be a text, not a number'],
    [{ ...ends, ports: [80] }, 'ports: must be a text such as `80,8500-8508,udp/53`'],
    [{ ...ends, ports: 80.5 }, 'ports: `80.5` is no port; write 80, 8500-8508 or udp/53'],
    [{ ...ends, applications: 'http' }, 'applications: must be a list, not a string'],
    [
      { ...ends, __proto__x: 1 },
      '__proto__x: is not a field here (fields: id, comment, from, to, applications, ports, http, action, disabled, origin, createdAt, updatedAt)',
    ],
  ])('%j', (written, problem) => {
    expect(problems(parseRule(written))).toEqual([problem])
  })

  test('says what it has to, and is read back the same', () => {
    expect(
      ruleToDocument(aRule('a', 'b', { ports: tcp(80, 90), http: [anHttp({ paths: ['/a'] })], ...times })),
    ).toEqual({
      id: 'a-b',
      from: 'a',
      to: 'b',
      ports: '80-90',
      http: [{ paths: ['/a'] }],
      action: 'allow',
      ...times,
    })
    fc.assert(
      fc.property(rule, (any) => {
        fc.pre(any.http.length === 0 || any.applications.every((a) => ['http', 'http2', 'grpc'].includes(a)))
        const document = ruleToDocument(any)
        expect(value(parseRule(document))).toEqual(any)
        expect(value(parseRule(JSON.parse(JSON.stringify(document))))).toEqual(any)
      }),
    )
  })
})

describe('a list of rules', () => {
  test('ids are unique; the same text always gets the same ids', () => {
    const written = [ends, ends, { ...ends, id: 'mine' }]
    const ids = value(parseRules(written)).map((r) => r.id)
    expect(ids).toEqual([ids[0], `${ids[0]}-2`, 'mine'])
    expect(value(parseRules(written)).map((r) => r.id)).toEqual(ids)
    expect(
      problems(
        parseRules([
          { ...ends, id: 'a' },
          { ...ends, id: 'a' },
        ]),
      ),
    ).toEqual(['rules[1].id: `a` is the id of rules[0], too'])
  })

  test('federated rules stand first', () => {
    const federated = { ...ends, id: 'f', origin: 'federated' }
    expect(problems(parseRules([federated, { ...ends, id: 'a' }]))).toEqual([])
    expect(problems(parseRules([{ ...ends, id: 'a' }, federated]))).toEqual([
      'rules[1]: is federated, but stands below a local rule',
    ])
  })
})

describe('a group', () => {
  test('is of the kind that it says or that its members say', () => {
    expect(value(parseGroup({ name: 'nv.ui.yelb', mode: 'protect' }))).toEqual(
      aGroup('nv.ui.yelb', { mode: 'protect' }),
    )
    expect(value(parseGroup({ kind: 'learned', name: 'nv.ui.yelb' }))).toEqual(aGroup('nv.ui.yelb'))
    expect(
      value(
        parseGroup({
          name: 'system',
          criteria: [
            'namespace=cattle-*',
            'label.app.kubernetes.io/name !~ ^x=y$',
            { key: 'image', op: '@', value: 'redis' },
          ],
        }),
      ),
    ).toEqual(
      aGroup('system', {
        criteria: [
          { key: 'namespace', op: '=', value: 'cattle-*' },
          { key: 'label.app.kubernetes.io/name', op: '!~', value: '^x=y$' },
          { key: 'image', op: '@', value: 'redis' },
        ],
      }),
    )
    expect(
      value(
        parseGroup({
          name: 'lb',
          comment: 'balancers',
          addresses: ['192.168.120.100 - 192.168.120.101', '10.1.2.3/8', '::FFFF:10.0.0.1', '*.Example.com.'],
        }),
      ),
    ).toEqual(
      aGroup('lb', {
        comment: 'balancers',
        addresses: ['192.168.120.100-192.168.120.101', '10.0.0.0/8', '10.0.0.1', '*.example.com'],
      }),
    )
  })

  test.each<readonly [unknown, readonly string[]]>([
    [{ name: 'x' }, [': must have criteria or addresses, or be called nv.<owner>.<namespace>']],
    [7, [': must be an object']],
    [{ kind: 'costum', name: 'x' }, [': must have criteria or addresses, or be called nv.<owner>.<namespace>']],
    [{ name: 'any', criteria: [] }, ['name: `any` is reserved']],
    [{ name: 'all', criteria: [] }, ['name: `all` is reserved: it stands for every group']],
    [
      { name: 'default', addresses: [] },
      ['name: `default` is reserved: it stands for what holds where nothing else is said'],
    ],
    [{ name: 'nv.a.b', criteria: [] }, ['name: nv. is for groups that are made by themselves']],
    [{ kind: 'learned', name: 'ui' }, ['name: must be nv.<owner>.<namespace>']],
    [{ name: 'nv.a.b', mode: 'protected' }, ['mode: must be discover, monitor, protect; did you mean `protect`?']],
    [
      { name: 'x', criteria: [], addresses: [] },
      ['addresses: is not a field here (fields: kind, name, comment, criteria)'],
    ],
    [
      { name: 'x', criteria: ['namespce=a', 'namespace', 'namespace~(', 'image@', 'label.=a'] },
      [
        'criteria[0].key: `namespce` is no key: image, node, workload, service, namespace, serviceAccount, label.<key>, nsLabel.<key>; did you mean `namespace`?',
        'criteria[1]: must be a key, one of = != @ ^ ~ !~, and a value',
        'criteria[2].value: the pattern has a ( without its )',
        'criteria[3].value: is empty, which fits everything',
        'criteria[4].key: `label.` is no key: image, node, workload, service, namespace, serviceAccount, label.<key>, nsLabel.<key>',
      ],
    ],
    [
      { name: 'x', addresses: ['10.0.0.300', '10.0.0.9-10.0.0.1', 'a b'] },
      ['10.0.0.300', '10.0.0.9-10.0.0.1', 'a b'].map(
        (a, i) =>
          `addresses[${i}]: \`${a}\` is no address, block (10.0.0.0/8), range (10.0.0.1-10.0.0.9) or name (*.example.com)`,
      ),
    ],
  ])('%j', (written, expected) => {
    expect(problems(parseGroup(written))).toEqual(expected)
  })

  test('each name once', () => {
    const group = { name: 'x', criteria: [] }
    expect(problems(parsePolicy({ groups: [group, group] }))).toEqual(['groups[1].name: `x` is groups[0], too'])
  })
})

describe('settings and ignored flows', () => {
  test('what is left out is the default', () => {
    expect(value(parseSettings({}))).toEqual(defaultSettings)
    expect(value(parseSettings({ mode: 'monitor', autoPromote: { toProtect: 24 } }))).toEqual({
      ...defaultSettings,
      mode: 'monitor',
      autoPromote: { toMonitor: null, toProtect: 24 },
    })
    expect(problems(parseSettings({ mode: 'off', autoPromote: { toMonitor: 0 }, pins: 'never' }))).toEqual([
      'settings.mode: must be discover, monitor, protect',
      'settings.pins: must be verify, trust',
      'settings.autoPromote.toMonitor: must be a whole number from 1 to 87600',
    ])
  })

  test('an ignored flow names both ends and the application', () => {
    const flow = { from: 'external', to: 'nv.ui.yelb', application: 'http' }
    expect(value(parsePolicy({ ignored: [flow] })).ignored).toEqual([flow])
    expect(problems(parsePolicy({ ignored: [{ from: 'external' }] }))).toEqual([
      'ignored[0].to: is missing',
      'ignored[0].application: is missing',
    ])
  })
})

describe('a whole policy', () => {
  test('rules are held against groups', () => {
    const written = {
      groups: [
        { name: 'lb', addresses: ['10.0.0.1'] },
        { name: 'updates', addresses: ['*.example.com'] },
        { name: 'none', addresses: [] },
      ],
      rules: [
        { from: 'ib', to: 'nv.not.yet', action: 'allow' },
        { from: 'updates', to: 'containers', action: 'allow' },
        { from: 'none', to: 'updates', action: 'allow' },
        { from: 'nodez', to: 'whatever', action: 'deny' },
      ],
    }
    expect(problems(parsePolicy(written))).toEqual([
      'rules[0].from: `ib` is no group; did you mean `lb`?',
      'rules[1].from: `updates` has only host names, which nobody connects from',
      'rules[3].from: `nodez` is no group; did you mean `nodes`?',
      'rules[3].to: `whatever` is no group',
    ])
    expect(problems(parsePolicy({ rule: [], ignored: {} }))).toEqual([
      'rule: is not a field here; did you mean `rules`?',
      'ignored: must be a list, not an object',
    ])
  })

  test('the default one, and any other, is read back the same', () => {
    const again = (policy: Policy) => value(parsePolicy(JSON.parse(JSON.stringify(policyToDocument(policy)))))
    expect(again(defaultPolicy(someTime))).toEqual(defaultPolicy(someTime))
    fc.assert(
      fc.property(world, ({ policy }) => {
        const rules = policy.rules.map((r) => ({ ...r, applications: [] }))
        expect(again({ ...policy, rules })).toEqual({ ...policy, rules })
      }),
    )
  })
})

test('nothing that anybody could write makes a parser throw', () => {
  const parsers = [parseRule, parseRules, parseGroup, parseSettings, parsePolicy]
  fc.assert(
    fc.property(fc.anything(), fc.constantFrom(...parsers), (input, parse) => {
      const parsed = parse(input)
      expect(parsed.ok || parsed.problems.length > 0).toBe(true)
    }),
    { numRuns: 1_000 },
  )
})
