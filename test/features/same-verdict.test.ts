import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decide } from '../../xds-server/policy/decide.ts'
import { directory } from '../../xds-server/policy/directory.ts'
import type { Flow, HttpRequest, Rule, World } from '../../xds-server/policy/model.ts'
import { anHttp, aRule, aWorkload, aWorld, tcp } from '../support/builders.ts'
import { peers, podAddress } from './pod/network.ts'
import type { Pod } from './pod/pod.ts'
import { startPod } from './pod/pod.ts'

const workloads = [
  aWorkload('web', { ips: [peers.web] }),
  aWorkload('other', { ips: [peers.other] }),
  aWorkload('legacy', { ips: [peers.legacy], managed: false }),
  aWorkload('db', { ips: [podAddress] }),
]
const usual = { workloads, podCidrs: ['10.21.0.0/24'], nodes: [] }
const ports = [80, 6379, 9000] as const

let pod: Pod
beforeAll(async () => {
  const apps = { 80: 'tcp', 6379: 'tcp', 9000: 'tcp' }
  pod = await startPod({ name: 'ft-same', world: aWorld(usual), apps })
})
afterAll(() => pod?.stop())

/** What a client says first, and what a policy may know of it. */
const speeches = {
  redis: { says: '*1\r\n$4\r\nPING\r\n', application: 'redis' },
  get: { says: 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n', application: 'http', method: 'GET' },
  post: { says: 'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n', application: 'http', method: 'POST' },
  graphql: { says: 'GET /api/graphql HTTP/1.1\r\nHost: h\r\n\r\n', application: 'http', path: '/api/graphql' },
  soap: {
    says: 'POST /graphql HTTP/1.1\r\nHost: h\r\nSOAPAction: x\r\nContent-Length: 0\r\n\r\n',
    application: 'http',
    method: 'POST',
    path: '/graphql',
    headers: { soapaction: 'x' },
  },
  nonsense: { says: '\u0001\u0002\u0003\u0004\r\n', application: 'unknown' },
} as const
type Speech = keyof typeof speeches

type Condition = { readonly ports: Rule['ports']; readonly http: Rule['http']; readonly named?: readonly string[] }

/** Requests are told apart only where a rule names the port for HTTP; elsewhere the two judges may differ. */
const aCondition = fc.constantFrom<Condition[]>(
  { ports: [], http: [] },
  { ports: tcp(80), http: [anHttp({ methods: ['GET'] })] },
  { ports: tcp(80), http: [anHttp({ paths: ['/b', '/a/*'] })] },
  { ports: tcp(80), http: [], named: ['graphql'] },
  { ports: tcp(80), http: [], named: ['soap', 'redis'] },
  ...ports.map((port) => ({ ports: tcp(port), http: [] })),
)
const someRules = fc
  .array(
    fc.record({
      from: fc.constantFrom('nv.web.yelb', 'nv.other.yelb', 'nv.legacy.yelb', 'containers', 'any'),
      applications: fc.subarray(['http', 'redis'], { maxLength: 1 }),
      condition: aCondition,
      action: fc.constantFrom<Rule['action'][]>('allow', 'allow', 'deny'),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((all) =>
    all.map(({ from, condition: { named, ...condition }, applications, action }, i) =>
      aRule(from, 'nv.db.yelb', {
        ...condition,
        applications: named ?? (condition.http.length > 0 ? ['http'] : applications),
        action,
        id: `r${i}`,
      }),
    ),
  )

function flowOf(source: string, port: number, speech: Speech): Flow {
  const { application, ...more } = speeches[speech]
  const request: HttpRequest = { method: 'GET', path: '/a', host: 'h', headers: {}, ...more }
  const http = application === 'http' ? request : undefined
  return { source, destination: podAddress, port, protocol: 'tcp', application, ...(http ? { http } : {}) }
}

/** The last rule names port 80 for HTTP, so that it is one; it can match nobody of ours. */
function worldOf(rules: readonly Rule[], mode: 'protect' | 'monitor'): World {
  const never = aRule('nodes', 'nv.db.yelb', { id: 'names-80', applications: ['http'], ports: tcp(80) })
  return aWorld({ ...usual, rules: [...rules, never], settings: { mode } })
}

async function outcome({ source, port }: Flow, speech: Speech): Promise<'allow' | 'deny'> {
  const client = await pod.connect(source, port)
  client.send(speeches[speech].says)
  const { event, text } = await client.next()
  client.close()
  return event === 'data' && !text?.includes(' 403 ') ? 'allow' : 'deny'
}

test('random rules: what a real Envoy does is what decide() says', async () => {
  const property = fc.asyncProperty(
    someRules,
    fc.constantFrom('protect', 'protect', 'monitor'),
    async (rules, mode) => {
      const world = worldOf(rules, mode)
      await pod.publish(world)
      const now = directory(world)
      const cases = [peers.web, peers.other, peers.legacy].flatMap((source) =>
        ports.flatMap((port) =>
          (Object.keys(speeches) as Speech[]).map((speech) => ({ flow: flowOf(source, port, speech), speech })),
        ),
      )
      const seen = await Promise.all(cases.map(({ flow, speech }) => outcome(flow, speech)))
      const said = cases.map(({ flow }) => decide(flow, now).enforced)
      const compare = (verdicts: readonly string[]) =>
        cases.map(({ flow, speech }, i) => `${flow.source} ${flow.port} ${speech}: ${verdicts[i]}`)
      expect(compare(seen)).toEqual(compare(said))
    },
  )
  await fc.assert(property, { numRuns: 25, endOnFailure: false })
})
