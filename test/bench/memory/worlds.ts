/** What the sidecars hold whose memory is measured: the lab's Yelb policy, and one with many ports and rules. */

import { hosts } from '../../../lab/layout.ts'
import type { Manifest } from '../../../lab/manifest.ts'
import { catalogue, podName } from '../../../lab/pods/catalogue.ts'
import { inventoryOf } from '../../../lab/publish.ts'
import { compile } from '../../../xds-server/compile/compile.ts'
import type { Compiled, Message, Resource } from '../../../xds-server/compile/model.ts'
import { snifferName } from '../../../xds-server/compile/names.ts'
import { applications } from '../../../xds-server/policy/applications.ts'
import { defaultPolicy, defaultRules, defaultSettings } from '../../../xds-server/policy/defaults.ts'
import { directory } from '../../../xds-server/policy/directory.ts'
import type { Rule, World } from '../../../xds-server/policy/model.ts'
import { isRequestName } from '../../../xds-server/policy/request-names.ts'
import { aRule, someTime, tcp } from '../../support/builders.ts'

/** The pod that is looked at: it is asked by one app and asks two. */
export const workload = 'yelb-appserver-1'

/** One pod of each app, as after `lab up`. */
const labAsItStarts: Manifest = {
  version: 1,
  id: 'bench',
  bootId: 'bench',
  state: 'up',
  owner: null,
  options: { controlPlane: true, sidecars: true, classifier: false },
  namespaces: [],
  nextHost: hosts.first,
  pods: catalogue
    .filter(({ sidecar }) => sidecar !== 'outside')
    .map((app, i) => ({ name: podName(app, 1), app: app.name, host: hosts.first + i, ready: true })),
  processes: [],
}

const [ui, appserver, db, redis] = ['yelb-ui', 'yelb-appserver', 'yelb-db', 'redis-server'].map(
  (name) => `nv.${name}.yelb`,
) as [string, string, string, string]

function worldWith(rules: readonly Rule[]): World {
  const settings = { ...defaultSettings, mode: 'protect' } as const
  return {
    inventory: inventoryOf(labAsItStarts),
    policy: { ...defaultPolicy(someTime), rules: [...rules, ...defaultRules(someTime)], settings },
  }
}

/** What the story learns. */
const yelb = worldWith([
  aRule('external', ui, { applications: ['http'], ports: tcp(80) }),
  aRule(ui, appserver, { applications: ['http'], ports: tcp(4567) }),
  aRule(appserver, db, { applications: ['postgresql'], ports: tcp(5432) }),
  aRule(appserver, redis, { applications: ['redis'], ports: tcp(6379) }),
])

export const many = { ports: 20, rules: 50 } as const
const firstPort = 7000

const names = Object.keys(applications).filter((name) => !isRequestName(name))

/** Of two peers, each with all the rules on every port. */
const large = worldWith(
  [ui, 'external'].flatMap((from) =>
    Array.from({ length: many.ports }, (_, i) => firstPort + i).flatMap((port) =>
      Array.from({ length: many.rules }, (_, i) =>
        aRule(from, appserver, {
          id: `${from}-${port}-${i}`,
          applications: [names[i % names.length]!],
          ports: tcp(port),
          action: i % 2 === 0 ? 'deny' : 'allow',
        }),
      ),
    ),
  ),
)

export type Configuration = { readonly compiled: Compiled; readonly listeners: number }

function configuration(world: World, sniffer: string): Configuration {
  const compiled = compile(directory(world), { sniffer, cuts: new Map(), ipv6: false })
  const { resources } = compiled.classes.get(compiled.classOf.get(workload)!)!
  return { compiled, listeners: resources.filter(({ type }) => type === 'listener').length }
}

export const configurations = (sniffer: string) => ({
  yelb: configuration(yelb, sniffer),
  large: configuration(large, sniffer),
})

function withoutFilter(value: unknown, name: string): unknown {
  if (Array.isArray(value)) {
    return value.filter((item) => (item as Message | null)?.name !== name).map((item) => withoutFilter(item, name))
  }
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutFilter(part, name)]))
}

/** The same, but that nobody is recognised: only to see what recognising costs. */
export function withoutSniffer({ compiled, listeners }: Configuration): Configuration {
  const bare = (resource: Resource): Resource => ({
    ...resource,
    body: withoutFilter(resource.body, snifferName) as Message,
  })
  const classes = [...compiled.classes].map(([key, snapshot]) => {
    const resources = snapshot.resources.filter(({ name }) => name !== snifferName).map(bare)
    return [key, { ...snapshot, resources }] as const
  })
  return { compiled: { ...compiled, classes: new Map(classes) }, listeners }
}
