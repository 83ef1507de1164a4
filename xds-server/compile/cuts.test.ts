import { expect, test } from 'vitest'
import { aDlpSensor, aGroup, anHttp, anInspection, aRule, aWorkload, aWorld, tcp } from '../../test/support/builders.ts'
import { directory } from '../policy/directory.ts'
import type { Rule, World } from '../policy/model.ts'
import { compiler } from './compile.ts'
import { cutsNeeded } from './cuts.ts'

const web = aWorkload('web', { ips: ['10.42.0.1'] })
const other = aWorkload('other', { ips: ['10.42.0.3'] })
const db = aWorkload('db', { ips: ['10.42.0.2'] })
const rule = (from: string, over: Partial<Rule>): Rule => aRule(`nv.${from}.yelb`, 'nv.db.yelb', over)
const webRedis = rule('web', { id: 'web-redis', applications: ['redis'], ports: tcp(6379) })
const otherRedis = rule('other', { id: 'other-redis', applications: ['redis'], ports: tcp(6379) })

const world = (rules: readonly Rule[], parts: Parameters<typeof aWorld>[0] = {}): World =>
  aWorld({ workloads: [web, other, db], settings: { mode: 'protect' }, ...parts, rules })

/** What has to be cut from one world to the next. */
function cut(before: World, after: World): readonly string[] {
  const { compile } = compiler()
  const options = { sniffer: 'AA==', cuts: new Map(), ipv6: false }
  const first = directory(before)
  return cutsNeeded(compile(first, options), compile(directory(after, first), options))
}

test('nothing that stays or is gained cuts', () => {
  const usual = world([webRedis, otherRedis])
  expect(cut(usual, usual)).toEqual([])
  expect(cut(world([webRedis]), usual)).toEqual([])
  expect(
    cut(usual, world([webRedis, otherRedis, rule('web', { id: 'sql', applications: ['mysql'], ports: tcp(6379) })])),
  ).toEqual([])
  expect(cut(usual, world([webRedis, otherRedis], { settings: { mode: 'discover' } }))).toEqual([])
})

test('a deny above cuts the chain of whom it concerns', () => {
  const also = rule('other', { id: 'other-sql', applications: ['postgresql'], ports: tcp(6379) })
  const deny = rule('other', { id: 'no', applications: ['redis'], action: 'deny' })
  expect(cut(world([webRedis, otherRedis, also]), world([deny, webRedis, otherRedis, also]))).toEqual([
    'nv.db.yelb/in|6379/tcp|nv.other.yelb',
  ])
})

test('a chain that is gone ends by itself', () => {
  expect(cut(world([webRedis, otherRedis]), world([webRedis]))).toEqual([])
})

test('Protect cuts what had only been let through, and not what is allowed', () => {
  const discover = world([webRedis], { settings: { mode: 'discover' } })
  expect(cut(discover, world([webRedis]))).toEqual(['nv.db.yelb/in|6379/tcp|nv.web.yelb'])
  const anything = rule('web', { id: 'any' })
  const both = [webRedis, anything]
  expect(cut(world(both, { settings: { mode: 'discover' } }), world(both))).toEqual([])
})

test('a class that is split: who loses by it had been in the old chain', () => {
  const everybody = aRule('containers', 'nv.db.yelb', { id: 'all', applications: ['redis'], ports: tcp(6379) })
  const less = rule('other', { id: 'less', applications: ['redis'], ports: tcp(6379), action: 'deny' })
  expect(cut(world([everybody]), world([less, everybody]))).toEqual(['nv.db.yelb/in|6379/tcp|containers'])
})

test('a port that becomes known: connections are in the chain for all others', () => {
  const any = rule('web', { id: 'any' })
  const onlyRedis = [webRedis, rule('web', { id: 'not-else', ports: tcp(6379), action: 'deny' }), any]
  expect(cut(world([any]), world(onlyRedis))).toEqual(['nv.db.yelb/inbound/tcp|nv.web.yelb'])
})

test('a right lost on another port of the chain for all others', () => {
  const wide = rule('web', { id: 'wide', ports: tcp(7000, 7999) })
  const narrow = rule('web', { id: 'wide', ports: tcp(7000, 7500) })
  expect(cut(world([wide]), world([narrow]))).toEqual(['nv.db.yelb/inbound/tcp|nv.web.yelb'])
  expect(cut(world([narrow]), world([wide]))).toEqual([])
})

test('HTTP is refused at its next request: only an application that is gone altogether cuts', () => {
  const http = rule('web', { id: 'http', applications: ['http'], ports: tcp(80) })
  const redis = rule('web', { id: 'redis', applications: ['redis'], ports: tcp(80) })
  const get = { ...http, http: [anHttp({ methods: ['GET'] })] }
  expect(cut(world([http, redis]), world([get, redis]))).toEqual(['nv.db.yelb/in|80/tcp|nv.web.yelb'])
  const noHttp = rule('web', { id: 'no', applications: ['http'], action: 'deny' })
  expect(cut(world([http, redis]), world([noHttp, http, redis]))).toEqual([
    'nv.db.yelb/in|80/http1|nv.web.yelb',
    'nv.db.yelb/in|80/http2|nv.web.yelb',
    'nv.db.yelb/in|80/tcp|nv.web.yelb',
  ])
})

test('a pod that ends takes its connections along: the others of its chain stay', () => {
  const two = [web, aWorkload('web-2', { owner: { kind: 'Deployment', name: 'web' }, ips: ['10.42.0.4'] })]
  const before = world([webRedis], { workloads: [...two, other, db] })
  expect(cut(before, world([webRedis]))).toEqual([])
  const moved = aWorkload('stranger', { ips: ['10.42.0.4'] })
  expect(cut(before, world([webRedis], { workloads: [web, moved, other, db] }))).toEqual([])
})

test('a pod that leaves a group loses what the group may', () => {
  const fronts = aGroup('fronts', { criteria: [{ key: 'label.tier', op: '=', value: 'front' }] })
  const allowed = aRule('fronts', 'nv.db.yelb', { id: 'fronts', applications: ['redis'], ports: tcp(6379) })
  const [a, b] = [web, other].map((one) => ({ ...one, labels: { tier: 'front' } }))
  const before = world([allowed], { workloads: [a!, b!, db], groups: [fronts] })
  const after = world([allowed], { workloads: [a!, other, db], groups: [fronts] })
  expect(cut(before, after)).toEqual(['nv.db.yelb/in|6379/tcp|fronts'])
})

test('outbound: a destination that may no longer be spoken to', () => {
  const lb = (addresses: readonly string[]) => aGroup('lb', { addresses })
  const out = aRule('nv.web.yelb', 'lb', { id: 'out', ports: tcp(443) })
  const before = world([out], { groups: [lb(['192.0.2.1', '192.0.2.2'])] })
  expect(cut(before, world([out], { groups: [lb(['192.0.2.1'])] }))).toEqual(
    ['http1', 'http2', 'tcp'].map((kind) => `nv.web.yelb/outbound/${kind}|lb`),
  )
})

test('a name that resolves to another address cuts nobody', () => {
  const partner = aGroup('partner', { addresses: ['api.partner.example'] })
  const out = aRule('nv.web.yelb', 'partner', { id: 'out', ports: tcp(443) })
  const resolving = (...ips: readonly string[]) =>
    world([out], { groups: [partner], resolved: { 'api.partner.example': ips } })
  expect(cut(resolving('192.0.2.1', '192.0.2.2'), resolving('192.0.2.2', '192.0.2.3'))).toEqual([])
})

test('a peer that must be inspected from now on and got a chain of its own is not left in one that is inspected otherwise', () => {
  const anyHttp = aRule('any', 'nv.db.yelb', { id: 'web', applications: ['http'], ports: tcp(80) })
  const bound = (over: Partial<Parameters<typeof aWorld>[0]>) => ({ ...over, dlpSensors: [aDlpSensor('cards')] })
  const of = (group: string, action: 'allow' | 'deny') => anInspection(group, { dlp: [{ sensor: 'cards', action }] })
  const usual = world([anyHttp])
  const leaving = (action: 'allow' | 'deny', over = {}) =>
    cut(usual, world([anyHttp], bound({ inspections: [of('nv.web.yelb', action)], ...over })))
  const chains = ['http1', 'http2', 'tcp'].map((kind) => `nv.db.yelb/in|80/${kind}|#rest`)
  expect(leaving('deny')).toEqual(chains)
  expect(leaving('allow')).toEqual([])
  expect(leaving('deny', { settings: { mode: 'monitor' } })).toEqual([])
  // who need not be inspected goes on as he is
  const arriving = cut(usual, world([anyHttp], bound({ inspections: [of('nv.db.yelb', 'deny')] })))
  expect(arriving.filter((key) => key.includes('/in|80/http'))).toEqual([])
  // who stays in the chain is inspected at his next request; what was not taken for requests can not stay
  const waf = [anInspection('nv.db.yelb', { waf: [{ sensor: 'crs', action: 'deny' }] })]
  const inbound = cut(usual, world([anyHttp], { inspections: waf })).filter((key) => key.includes('/in|'))
  expect(inbound).toEqual(['nv.db.yelb/in|80/tcp|#rest'])
})
