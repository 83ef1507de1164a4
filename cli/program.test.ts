import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { aFlow, aGroup, aRule, aWorkload } from '../test/support/builders.ts'
import { aConversation, anEvent, type Said, someMoment, yelb } from '../xds-server/api/testdata/harness.ts'
import { defaultSettings } from '../xds-server/policy/defaults.ts'
import { type Session, session } from './testdata/session.ts'

let at: Session
const start = async (said: Said = {}) => {
  at = await session(said)
}
beforeEach(() => start())
afterEach(() => at.plane.close())
const restart = async (said: Said) => {
  await at.plane.close()
  await start(said)
}
const done = { code: 0, err: '' }
const settings = () => at.plane.store.read('settings').value
const groups = () => at.plane.store.read('groups').value

describe('what happens', () => {
  test('flows', async () => {
    const ssh = { port: 22, application: 'ssh', verdict: 'deny', rule: 'no-ssh', connections: 2 } as const
    await restart({
      conversations: () => [
        aConversation('nv.ui.yelb', 'nv.appserver.yelb', { port: 4567, connections: 5, requests: 9, bytesSent: 2048 }),
        aConversation('nv.ui.yelb', 'nv.db.yelb', ssh),
        aConversation('nv.ui.yelb', 'dns', { port: 53, protocol: 'udp', application: 'dns', lastSeen: 0 }),
      ],
    })
    expect(await at.postern('flows', '--since', '10m', '--limit', '1')).toEqual({
      ...done,
      out: [
        'SOURCE      DESTINATION        APPLICATION  PORT  VERDICT  RULE     CONNS  REQS  IN  OUT   SEEN',
        'nv.ui.yelb  nv.appserver.yelb  http         4567  allow    default  5      9     0B  2.0K  5s',
        '1 more; --limit shows them.',
        '',
      ].join('\n'),
      written: new Map(),
    })
    expect((await at.postern('flows', '--verdict', 'violation')).out).toMatch(
      /^No conversation of the last hour fits\./,
    )
    expect(JSON.parse((await at.postern('flows', '--app', 'ssh', '-o', 'json')).out).total).toBe(1)
  })

  test('events, and the one an HTTP client asks about', async () => {
    const peer = { group: 'nv.ui.yelb', workload: 'ui', namespace: 'yelb', ip: '10.42.0.10' }
    const http = { method: 'POST', path: '/api/\u001b[2Jvote', host: 'app' }
    const event = anEvent(7, { incident: 'a1b2', source: peer, http, action: 'denied', rule: 'no-post', port: 4567 })
    await restart({ events: [event] })
    expect((await at.postern('events')).out).toBe(
      [
        'ID  AGO  KIND       SEVERITY  COUNT  SOURCE  DESTINATION  WHAT                     RULE     DONE    MESSAGE',
        '7   30s  violation  medium    1      ui                   POST /api/\\u{1b}[2Jvote  no-post  denied  no rule allows it',
        '',
      ].join('\n'),
    )
    expect((await at.postern('why', 'a1b2')).out).toBe(
      'Event 7, 30s ago: no rule allows it\nui (10.42.0.10) → ? port 4567 POST /api/\\u{1b}[2Jvote\n',
    )
    expect(await at.postern('why', 'ffff')).toMatchObject({ code: 1, err: 'error: There is no incident ffff.\n' })
  })
})

describe('why', () => {
  const rules = [
    aRule('nv.ui.yelb', 'nv.appserver.yelb', { id: 'off', disabled: true }),
    aRule('nv.ui.yelb', 'nv.appserver.yelb', { id: 'ui-app', applications: ['http'] }),
  ]
  beforeEach(() => restart({ policy: { rules } }))

  test('the decision, step by step', async () => {
    expect((await at.postern('why', 'ui', 'nv.appserver.yelb', '80', '--app', 'http')).out).toBe(
      [
        'ui: 10.42.0.10, pod yelb/ui',
        'nv.appserver.yelb: 10.42.0.11, the only member, appserver',
        'ALLOWED',
        '  source       10.42.0.10 yelb/ui in nv.ui.yelb, containers, any',
        '  destination  10.42.0.11 yelb/appserver in nv.appserver.yelb, containers, any',
        "  mode         discover: nv.appserver.yelb: settings.newGroupMode; the destination's mode counts",
        '  decided by   the destination’s sidecar',
        '  passed over  rule off: it is disabled',
        '  matched      rule ui-app (allow)',
        '',
      ].join('\n'),
    )
  })

  test('the first line says what the mode makes of it', async () => {
    const hint = 'the application or the request (--app, --method, --path)'
    const first = async (...argv: string[]) =>
      (await at.postern('why', ...argv)).out.split('\n').find((l) => /^[A-Z]/.test(l))
    expect(await first('db', 'ui', '80', '--app', 'ssh')).toBe('ALLOWED: no rule matched, and it is learned')
    expect(await first('ui', 'appserver', '80')).toBe(
      `ALLOWED: the mode lets it pass; what the policy says depends on ${hint}`,
    )
    await at.postern('mode', 'set', 'all', 'monitor')
    expect(await first('db', 'ui', '80', '--app', 'ssh')).toBe(
      'ALLOWED: the policy says deny, the mode lets it pass and reports it',
    )
    await at.postern('mode', 'set', 'all', 'protect')
    expect(await first('db', 'ui', '80', '--app', 'ssh')).toBe('DENIED')
    expect(await first('ui', 'appserver', '80')).toBe(`UNDECIDED: it depends on ${hint}`)
  })

  test('too few words', async () => {
    expect(await at.postern('why', 'ui', 'db')).toMatchObject({ code: 2 })
    expect(await at.postern('why', 'ui', 'db', 'http')).toMatchObject({ code: 2 })
  })
})

describe('what people decide', () => {
  test('groups are made, shown and deleted', async () => {
    expect(await at.postern('groups', 'set', 'lb', '--address', '192.168.120.100', '--comment', 'lb')).toMatchObject(
      done,
    )
    await at.postern('groups', 'set', 'shells', '--where', 'service=ubuntu', '--where', 'label.app!=web')
    expect(groups().map((g) => [g.kind, g.name])).toEqual([
      ['address', 'lb'],
      ['custom', 'shells'],
    ])
    expect((await at.postern('groups', 'get', 'shells')).out).toBe(
      [
        'NAME    KIND    MODE  MEMBERS  WHY  COMMENT',
        'shells  custom  -     2',
        '',
        'NAMESPACE  NAME      SIDECAR  NODE    ADDRESSES',
        'default    ubuntu-1  yes      node-1  10.42.0.21',
        'default    ubuntu-2  yes      node-1  10.42.0.22',
        '',
      ].join('\n'),
    )
    expect((await at.postern('groups')).out.split('\n')[5]).toMatch(/^lb +address +- +0 +lb$/)
    expect((await at.postern('groups', 'rm', 'lb')).out).toBe('deleted lb\n')
    expect(await at.postern('groups', 'set', 'x')).toMatchObject({ code: 2 })
  })

  test('modes of a group, of a custom group’s groups, of everything', async () => {
    const shell = aWorkload('shell', { namespace: 'default', labels: { team: 'ops' }, ips: ['10.42.0.40'] })
    const workloads = yelb.workloads.map((w) => (w.id === 'ubuntu-1' ? { ...w, labels: { team: 'ops' } } : w))
    const ops = aGroup('ops', { criteria: [{ key: 'label.team', op: '=', value: 'ops' }] })
    await restart({ inventory: { ...yelb, workloads: [...workloads, shell] }, policy: { groups: [ops] } })
    expect((await at.postern('mode', 'set', 'ops', 'protect')).out).toBe(
      'nv.shell.default: protect\nnv.ubuntu.default: left as it is, 1 of its 2 workloads are in ops\n',
    )
    await at.postern('mode', 'set', 'all', 'monitor')
    expect(settings().mode).toBe('monitor')
    expect((await at.postern('mode', 'set', 'nv.shell.default', 'default')).out).toBe(
      'nv.shell.default: default\nnote: everything is in monitor until postern mode set all default\n',
    )
    await at.postern('mode', 'set', 'all', 'default')
    expect({ mode: settings().mode, groups: groups() }).toEqual({ mode: null, groups: [ops] })
    expect(await at.postern('mode', 'set', 'all', 'off')).toMatchObject({ code: 2 })
  })

  test('settings', async () => {
    await at.postern('settings', 'set', 'newGroupMode=monitor', 'autoPromote.toMonitor=24', 'revealRule=true')
    expect((await at.postern('settings')).out).toBe(
      'mode: null\nmodeResolution: destination\nnewGroupMode: monitor\npins: verify\nrevealRule: true\nautoPromote:\n  toMonitor: 24\n  toProtect: null\n',
    )
    expect(await at.postern('settings', 'set', 'pin=trust')).toMatchObject({
      code: 1,
      err: 'error: pin: is not a field here; did you mean `pins`?\n',
    })
    expect(await at.postern('settings', 'set', 'pins')).toMatchObject({
      code: 1,
      err: 'error: pins: write it as name=value\n',
    })
  })

  test('export, import and history go round', async () => {
    await at.postern('rules', 'add', '--from', 'any', '--to', 'any', '--app', 'ssh', '--deny')
    const text = (await at.postern('export')).out
    expect((await at.postern('export', 'policy.yaml')).written).toEqual(new Map([['policy.yaml', text]]))
    await at.postern('rules', 'rm', 'dns')
    const back = await at.withFiles({ 'policy.yaml': text }, 'import', 'policy.yaml', '--dry-run')
    expect(back.out).toMatch(/^Would change:\n {2}\+ rule dns at the top: \{"id":"dns",/)
    expect((await at.withFiles({ 'policy.yaml': text }, 'import', 'policy.yaml')).out).toMatch(
      /^Changed:\n {2}\+ rule dns/,
    )
    expect((await at.postern('history', '--limit', '2')).out).toBe(
      'REVISION  AGO  AUTHOR   WHAT\n4         0s   cli:ann  import\n3         0s   cli:ann  delete rule dns\n',
    )
    expect((await at.postern('history', 'get', 'rules', '3')).out).toMatch(
      /^Changed from revision 3 to now:\n {2}\+ rule dns/,
    )
    expect((await at.postern('history', 'restore', 'rules', '3')).out).toMatch(
      /^Revision 5 is as revision 3 was\. Changed:\n {2}- rule dns/,
    )
  })

  test('a file that can not be read, and one that is no policy', async () => {
    const errorOf = async (files: Record<string, string>) => (await at.withFiles(files, 'import', 'p.yaml')).err
    expect(await errorOf({})).toBe('error: p.yaml: ENOENT: no such file p.yaml\n')
    expect(await errorOf({ 'p.yaml': 'rules:\n  - a: b\n   c: d\n' })).toMatch(/^error: p\.yaml:3: /)
    expect(await errorOf({ 'p.yaml': '- a\n' })).toBe(
      'error: p.yaml: there is no policy in it (groups, rules, settings, ignored, wafSensors, dlpSensors, inspections)\n',
    )
    expect(await errorOf({ 'p.yaml': 'rules: [{from: any}]' })).toBe(
      'error: rules[0].to: is missing\nerror: rules[0].action: is missing\n',
    )
  })
})

test('diff tries a file on the last hour', async () => {
  const [ui, app, db] = yelb.workloads.map((w) => w.ips[0]!) as [string, string, string]
  const rules = [aRule('nv.ui.yelb', 'nv.appserver.yelb', { id: 'ui-app', applications: ['http'] })]
  const flows = [
    { flow: aFlow(ui, app, { port: 4567, application: 'http' }), count: 1 },
    { flow: aFlow(ui, db, { port: 53, protocol: 'udp' }), count: 4 },
  ]
  const settings = { ...defaultSettings, mode: 'protect' } as const
  await restart({ policy: { rules, settings }, recordedFlows: () => flows })
  const file = 'rules:\n  - {id: dns, from: any, to: any, ports: udp/53, action: allow}\nsettings: {mode: protect}\n'
  const { code, out } = await at.withFiles({ 'p.yaml': file }, 'diff', 'p.yaml')
  expect(code).toBe(0)
  expect(out.split('\n').map((line) => line.replace(/: \{.*/, ''))).toEqual([
    'Changes:',
    '  - rule ui-app',
    '  + rule dns at the top',
    '',
    'This change would have denied 1 conversation of the last hour (1 connection).',
    'It would have let in 1 conversation that had been refused (4 connections).',
    '2 recorded conversations were tried.',
    '',
    'SOURCE      DESTINATION        WHAT       COUNT  NOW              THEN',
    'nv.ui.yelb  nv.appserver.yelb  http/4567  1      allow by ui-app  deny by default',
    'nv.ui.yelb  nv.db.yelb         ?/udp/53   4      deny by default  allow by dns',
    '',
  ])
  const none = await at.withFiles({ 'p.yaml': 'ignored: []\n' }, 'diff', 'p.yaml')
  expect(none.out).toBe(
    'Changes:\n  nothing\n\nThis change would have denied no conversations of the last hour.\n2 recorded conversations were tried.\n',
  )
})

describe('the installation', () => {
  const proxy = {
    class: 'c',
    version: '1.40.0',
    since: someMoment - 60_000,
    pending: 0,
    lagMs: 0,
    rejected: [],
    connected: true,
  }
  const managed = yelb.workloads.filter((w) => w.managed)

  test('proxies', async () => {
    const refused = [{ resource: 'rbac/in', rules: ['web'], message: 'bad regex', at: 0 }]
    await restart({
      proxies: () => [
        { ...proxy, workload: 'a' },
        { ...proxy, workload: 'b', pending: 2, lagMs: 40 },
        { ...proxy, workload: 'c', rejected: refused },
        { ...proxy, workload: 'd', connected: false, since: 0, version: '', class: '' },
      ],
    })
    expect((await at.postern('proxies')).out).toBe(
      [
        'WORKLOAD  STATE    SINCE  LAG   ENVOY   CLASS  REFUSED',
        'a         synced   1m     -     1.40.0  c',
        'b         pending  1m     40ms  1.40.0  c',
        'c         refused  1m     -     1.40.0  c      rbac/in: bad regex',
        'd         gone     never  -',
        '',
      ].join('\n'),
    )
  })

  test('check is 0 while nothing is wrong, and 1 with what to do otherwise', async () => {
    await restart({ proxies: () => managed.map((w) => ({ ...proxy, workload: w.id })) })
    const well = await at.postern('check')
    expect(well.code).toBe(0)
    expect(well.out).toBe(
      [
        '√ The control plane’s parts work',
        '√ Every managed workload has its sidecar connected',
        '√ Every connected sidecar has the newest configuration',
        '√ Every sidecar accepted what it was sent',
        '√ Every rule can be enforced as written',
        '‼ Every workload has a sidecar',
        '    default/legacy has none: only the other end’s sidecar decides about it',
        '    → Opt its namespace in, or leave it if that is meant. (workloads-managed)',
        '',
      ].join('\n'),
    )
    await restart({ health: () => [{ name: 'store', ok: false, detail: 'disk full' }] })
    const ill = await at.postern('check')
    expect({ code: ill.code, first: ill.out.split('\n').slice(0, 3) }).toEqual({
      code: 1,
      first: [
        '× The control plane’s parts work',
        '    store: disk full',
        '    → The log of the control plane has the cause. (parts-healthy)',
      ],
    })
  })

  test('metrics', async () => expect(await at.postern('metrics')).toMatchObject(done))
})

describe('classify', () => {
  const lines = '{"client":"R0VUIC8gSFRUUC8xLjENCkhvc3Q6IGENCg0K","id":"a"}\n\nnonsense\n'

  test('first bytes, line by line', async () => {
    const { code, out } = await at.withFiles({ '-': lines }, 'classify', '-')
    expect({ code, first: out.split('\n')[0], second: out.split('\n')[1] }).toEqual({
      code: 0,
      first: 'a: http (certain)',
      second: expect.stringMatching(/^line 3: problem: /),
    })
    const json = (await at.withFiles({ '-': lines }, 'classify', '--json', '-')).out.split('\n')[0]!
    expect(JSON.parse(json)).toMatchObject({ line: 1, id: 'a', application: 'http', confidence: 'certain' })
  })

  test('a file that is not there', async () => {
    expect(await at.postern('classify', 'x')).toMatchObject({ code: 1, err: 'error: x: ENOENT: no such file x\n' })
  })
})

describe('as a process', () => {
  const script = join(import.meta.dirname, 'testdata/postern.ts')
  const run = (...argv: string[]) => promisify(execFile)(process.execPath, [script, ...argv])

  test('a command against the socket, without colours in a pipe', async () => {
    const { stdout, stderr } = await run('--socket', at.plane.socket, 'rules')
    expect({ stderr, lines: stdout.trim().split('\n').length, first: stdout.slice(0, 5) }).toEqual({
      stderr: '',
      lines: 4,
      first: '#  ID',
    })
  })

  test('a reader that had enough is no error', async () => {
    const child = spawn(process.execPath, [script, '--socket', at.plane.socket, 'rules', '-o', 'json'], {
      stdio: 'pipe',
    })
    child.stdout.destroy()
    let said = ''
    child.stderr.on('data', (data) => {
      said += data
    })
    const [code] = await once(child, 'close')
    expect({ code, said }).toEqual({ code: 0, said: '' })
  })

  test('nobody there', async () => {
    await expect(run('--socket', '/nowhere/api.sock', 'check')).rejects.toMatchObject({
      code: 1,
      stderr:
        'error: No control plane answers on /nowhere/api.sock: connect ENOENT /nowhere/api.sock. Start one (postern lab up) or name its socket (--socket).\n',
    })
  })

  test('help is no error, a wrong word is', async () => {
    expect((await run('rules', 'insert', '--help')).stdout).toContain('postern rules insert --top --from any')
    await expect(run('ruels')).rejects.toMatchObject({ code: 2 })
  })
})
