import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { aRule, tcp } from '../test/support/builders.ts'
import type { Said } from '../xds-server/api/testdata/harness.ts'
import { someMoment } from '../xds-server/api/testdata/harness.ts'
import { type Session, session } from './testdata/session.ts'

const learned = aRule('nv.ui.yelb', 'nv.appserver.yelb', {
  id: 'ui-app',
  applications: ['http'],
  ports: tcp(4567),
  origin: 'learned',
})
const toDb = aRule('nv.appserver.yelb', 'nv.db.yelb', { id: 'app-db', applications: ['postgresql'], comment: 'votes' })

let at: Session
const start = async (said: Said = {}) => {
  at = await session({ policy: { rules: [learned, toDb] }, ...said })
}
beforeEach(() => start())
afterEach(() => at.plane.close())

const done = { code: 0, err: '' }
const order = () => at.plane.store.read('rules').value.map((rule) => rule.id)
const rule = (id: string) => at.plane.store.read('rules').value.find((r) => r.id === id)!

describe('the list', () => {
  test('has a row for each rule and the default as its last', async () => {
    await at.plane.close()
    await start({
      hits: () =>
        new Map([
          ['ui-app', { hits: 3, lastHit: someMoment - 90_000 }],
          ['default', { hits: 1, lastHit: someMoment }],
        ]),
      compileStatus: () => [{ class: 'db', rule: 'app-db', message: 'too wide' }],
    })
    const { code, out, err } = await at.postern('rules')
    expect({ code, err }).toEqual(done)
    expect(out).toBe(
      [
        '#  ID       FROM               TO                 APPLICATIONS  PORTS  HTTP  ACTION   ORIGIN   HITS  LAST  STATUS       COMMENT',
        '1  ui-app   nv.ui.yelb         nv.appserver.yelb  http          4567         allow    learned  3     1m',
        '2  app-db   nv.appserver.yelb  nv.db.yelb         postgresql    any          allow    user     0     -     compile (1)  votes',
        '-  default  any                any                any           any          by mode           1     0s',
        '',
      ].join('\n'),
    )
    expect((await at.postern('rules', 'get', 'app-db')).out).toBe(
      [
        'rule          app-db (number 2)',
        'comment       votes',
        'from          nv.appserver.yelb',
        'to            nv.db.yelb',
        'applications  postgresql',
        'ports         any',
        'action        allow',
        'origin        user',
        'hits          0',
        'compile       db: too wide',
        '',
      ].join('\n'),
    )
  })

  test('as JSON and YAML it is the API’s answer', async () => {
    const { rules } = JSON.parse((await at.postern('rules', '-o', 'json')).out)
    expect(rules.map((r: { rule: { id: string } }) => r.rule.id)).toEqual(['ui-app', 'app-db'])
    expect((await at.postern('rules', 'list', '-o', 'yaml')).out).toMatch(
      /^revision: 2\ntotal: 2\nrules:\n {2}- place: 0\n/,
    )
  })
})

describe('making rules', () => {
  test('at the end, with every part', async () => {
    const { code, out, err } = await at.postern(
      ...[
        'rules',
        'add',
        '--from',
        'external',
        '--to',
        'nv.ui.yelb',
        '--app',
        'http,grpc',
        '--port',
        '80',
        '--port',
        '8500-8508',
      ],
      ...[
        '--method',
        'get,POST',
        '--path',
        '/api/*',
        '--path',
        '/votes/{id}',
        '--host',
        'shop.example',
        '--grpc',
        'a.B/*',
      ],
      ...['--header', 'x-a=1', '--header', 'x-b^=v', '--header', 'x-c', '--deny', '--comment', 'for now'],
    )
    expect({ code, err }).toEqual(done)
    const id = out.trim()
    const made = '2026-03-01T12:00:00.000Z'
    expect(order()).toEqual(['ui-app', 'app-db', id])
    expect(rule(id)).toEqual(
      aRule('external', 'nv.ui.yelb', {
        id,
        comment: 'for now',
        applications: ['http', 'grpc'],
        ports: [...tcp(80), ...tcp(8500, 8508)],
        http: [
          {
            methods: ['GET', 'POST'],
            paths: ['/api/*', '/votes/{id}'],
            hosts: ['shop.example'],
            headers: [
              { name: 'x-a', exact: '1' },
              { name: 'x-b', prefix: 'v' },
              { name: 'x-c', present: true },
            ],
            grpc: ['a.B/*'],
          },
        ],
        action: 'deny',
        createdAt: made,
        updatedAt: made,
      }),
    )
    expect(at.plane.store.history('rules', 1)[0]!.author).toBe('cli:ann')
  })

  test.each([
    [['--top'], 0],
    [['--below', 'ui-app'], 1],
    [['--above', 'app-db'], 1],
    [['--below', 'app-db'], 2],
  ])('inserted %j', async (where, place) => {
    const { out } = await at.postern(
      'rules',
      'insert',
      ...where,
      '--from',
      'any',
      '--to',
      'any',
      '--app',
      'ssh',
      '--deny',
    )
    expect(order().indexOf(out.trim())).toBe(place)
  })

  test('each problem is a line with its path, and nothing is changed', async () => {
    const { code, out, err } = await at.postern(
      'rules',
      'add',
      '--from',
      'nowhere',
      '--to',
      'any',
      '--port',
      '0',
      '--app',
      'postgres',
      '--allow',
    )
    expect({ code, out, err }).toEqual({
      code: 1,
      out: '',
      err: [
        'error: rule.applications[0]: `postgres` is no application; did you mean `postgresql`?',
        'error: rule.ports: `0` is not between 1 and 65535',
        '',
      ].join('\n'),
    })
    expect(order()).toEqual(['ui-app', 'app-db'])
  })

  test.each([
    [['rules', 'add', '--from', 'any', '--to', 'any'], 'error: say either --allow or --deny'],
    [
      ['rules', 'insert', '--from', 'any', '--to', 'any', '--allow'],
      'error: say where: --top, --below <id> or --above <id>',
    ],
    [
      ['rules', 'insert', '--top', '--below', 'x', '--allow'],
      "error: option '--top' cannot be used with option '--below <id>'",
    ],
    [['rules', 'rm'], "error: missing required argument 'id'"],
    [
      ['rules', 'list', '-o', 'xml'],
      "error: option '-o, --output <format>' argument 'xml' is invalid. Allowed choices are table, json, yaml.",
    ],
    [['rulez'], "error: unknown command 'rulez'"],
  ])('typed wrongly: %j', async (argv, message) => {
    const { code, err } = await at.postern(...argv)
    expect({ code, first: err.split('\n')[0] }).toEqual({ code: 2, first: message })
  })
})

describe('changing rules', () => {
  test('edit, disable, enable, move, rm', async () => {
    for (const argv of [
      ['edit', 'app-db', '--port', '5432,5433'],
      ['disable', 'app-db', 'ui-app'],
      ['enable', 'ui-app'],
      ['move', 'app-db', '--top'],
      ['rm', 'ui-app', '--ignore'],
    ]) {
      expect(await at.postern('rules', ...argv)).toMatchObject(done)
    }
    expect(at.plane.store.read('rules').value.map(({ id, ports, disabled }) => ({ id, ports, disabled }))).toEqual([
      { id: 'app-db', ports: [...tcp(5432), ...tcp(5433)], disabled: true },
    ])
    expect((await at.postern('rules', 'ignored')).out).toBe('nv.ui.yelb → nv.appserver.yelb http\n')
    expect(await at.postern('rules', 'unignore', 'nv.ui.yelb', 'nv.appserver.yelb', 'http')).toMatchObject(done)
    expect((await at.postern('rules', 'ignored')).out).toBe('Nothing is ignored.\n')
  })

  test('several at a revision that was looked at', async () => {
    expect((await at.postern('rules', 'rm', 'ui-app', 'app-db', '--revision', '2')).out).toBe('deleted 2 rules\n')
    expect(order()).toEqual([])
  })
})

describe('two people at once', () => {
  test('with the revision they looked at, the second sees what the first did', async () => {
    await at.postern('rules', 'disable', 'app-db', '--revision', '2')
    const { code, err } = await at.postern('rules', 'edit', 'app-db', '--comment', 'mine', '--revision', '2')
    expect({ code, err }).toEqual({
      code: 1,
      err: 'error: Somebody else saved first\nWhat changed since:\n  ~ rule app-db disabled: false → true\nLook again, then repeat the command.\n',
    })
  })

  test('an insertion tries once more when somebody saves in between; an edit does not', async () => {
    const meddle = () => {
      const { revision, value } = at.plane.store.read('rules')
      const other = aRule('any', 'any', { id: `other-${revision}` })
      at.plane.store.write({
        document: 'rules',
        value: [...value, other],
        base: revision,
        author: 'learner',
        summary: '',
      })
    }
    at.plane.beforeWrite(meddle)
    expect((await at.postern('rules', 'rm', 'ui-app')).code).toBe(0)
    expect(order()).toEqual(['app-db', 'other-2'])
    at.plane.beforeWrite(meddle)
    const { code, err } = await at.postern('rules', 'edit', 'app-db', '--comment', 'mine')
    expect({ code, second: err.split('\n')[2] }).toEqual({
      code: 1,
      second: expect.stringMatching(/^ {2}\+ rule other-4 below other-2: \{/),
    })
  })
})
