/** A pod with Redis and a web server behind 50 rules on each port, the one that allows being the last. */
import { compile } from '../../../xds-server/compile/compile.ts'
import type { Compiled } from '../../../xds-server/compile/model.ts'
import { applications } from '../../../xds-server/policy/applications.ts'
import { directory } from '../../../xds-server/policy/directory.ts'
import type { HttpMatch, Rule, Settings } from '../../../xds-server/policy/model.ts'
import { isRequestName } from '../../../xds-server/policy/request-names.ts'
import { anHttp, aRule, aWorkload, aWorld, tcp } from '../../support/builders.ts'

export const ports = { redis: 6379, web: 8080 } as const
export const rulesOnPort = 50

export type Side = { readonly name: string; readonly ip: string }

/** All that Redis is not, one after another: each is compared, none matches, and none makes the port known for more. */
function otherApplications(count: number): readonly string[] {
  const isOther = (name: string) => !['redis', 'http', 'http2', 'grpc'].includes(name) && !isRequestName(name)
  const names = Object.keys(applications).filter(isOther)
  return Array.from({ length: count }, (_, i) => names[i % names.length]!)
}

/** As people and the learner write them; none is about `/`. */
const requests: readonly ((i: number) => Partial<HttpMatch>)[] = [
  (i) => ({ methods: ['GET'], paths: [`/api/v1/things${i}/{id}`] }),
  (i) => ({ methods: ['POST', 'PUT'], paths: [`/api/v1/things${i}`] }),
  (i) => ({ paths: [`/static${i}/*`] }),
  (i) => ({ hosts: [`host${i}.example.com`] }),
]

function rules(from: string, to: string): readonly Rule[] {
  const others = rulesOnPort - 1
  const redis = otherApplications(others).map((application, i) =>
    aRule(from, to, { id: `other${i}`, applications: [application], action: i % 2 === 0 ? 'deny' : 'allow' }),
  )
  const web = Array.from({ length: others }, (_, i) =>
    aRule(from, to, {
      id: `web${i}`,
      applications: ['http'],
      ports: tcp(ports.web),
      http: [anHttp(requests[i % requests.length]!(i))],
      action: i % 2 === 0 ? 'deny' : 'allow',
    }),
  )
  return [
    ...redis,
    ...web,
    aRule(from, to, { id: 'redis', applications: ['redis'], ports: tcp(ports.redis) }),
    aRule(from, to, { id: 'web', applications: ['http'], ports: tcp(ports.web) }),
  ]
}

/** In Protect. Workload ids are the names. */
export function compiledFor(pod: Side, client: Side, pins: Settings['pins'], sniffer: string): Compiled {
  const workloads = [pod, client].map(({ name, ip }) => aWorkload(name, { ips: [ip], namespace: 'bench' }))
  const world = aWorld({
    workloads,
    podCidrs: ['10.22.0.0/16'],
    rules: rules(`nv.${client.name}.bench`, `nv.${pod.name}.bench`),
    settings: { mode: 'protect', pins },
  })
  return compile(directory(world), { sniffer, cuts: new Map(), ipv6: false })
}
