/**
 * From an edit to the first new connection that is treated accordingly, in the real lab: the rule is flipped through
 * the API while a client of another pod connects in a tight loop. The API's own time is in it.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Client, createClient } from '../../cli/client.ts'
import { type Lab, up } from '../../lab/lab.ts'
import { type Fate, type Prober, startProber } from './edit/prober.ts'
import { type BenchOptions, type Figure, percentile } from './figure.ts'
import { makeFolder } from './sidecars/kitchen.ts'

const editsOfAKind = 100
/** An edit is not made before the one before it is everywhere; then people still need a moment. */
const restMs = 50

/** Has no sidecar: only the destination's is on the way. */
const client = 'legacy'
const server = { group: 'nv.redis-server.yelb', pod: 'redis-server', port: 6379 } as const
const rule = { id: 'probed', from: 'nv.legacy.default', to: server.group, applications: ['redis'], ports: '6379' }

const yelb = [
  { from: 'external', to: 'nv.yelb-ui.yelb', applications: ['http'], ports: '80' },
  { from: 'nv.yelb-ui.yelb', to: 'nv.yelb-appserver.yelb', applications: ['http'], ports: '4567' },
  { from: 'nv.yelb-appserver.yelb', to: 'nv.yelb-db.yelb', applications: ['postgresql'], ports: '5432' },
  { from: 'nv.yelb-appserver.yelb', to: server.group, applications: ['redis'], ports: '6379' },
].map((one, i) => ({ id: `yelb${i}`, action: 'allow', ...one }))

/** What an edit changes in Envoy depends on what else the client might be allowed on that port. */
const kinds = {
  'the client loses all it had on the port': [],
  'the client may still speak something else there': [
    { id: 'other', from: rule.from, to: rule.to, applications: ['mongodb'], action: 'allow' },
  ],
} as const

const msSince = (start: bigint, end: bigint): number => Number(end - start) / 1e6

async function settled(api: Client): Promise<void> {
  for (;;) {
    const { value } = await api.call('listProxies', {})
    if (value.proxies.every(({ connected, pending }) => connected && pending === 0)) return
    await delay(10)
  }
}

async function startWith(api: Client, others: (typeof kinds)[keyof typeof kinds]): Promise<string> {
  const rules = [{ ...rule, action: 'allow' }, ...others, ...yelb]
  const { etag } = await api.call('exportPolicy', {})
  await api.call('importPolicy', { body: { rules, settings: { mode: 'protect' } }, ifMatch: etag })
  await settled(api)
  return (await api.call('listRules', {})).etag
}

type Sample = { readonly to: Fate; readonly saved: number; readonly enforced: number }

async function edits(api: Client, prober: Prober, etag: string, signal: AbortSignal): Promise<readonly Sample[]> {
  const samples: Sample[] = []
  let revision = etag
  await prober.steadily('answered')
  for (let i = 0; i < editsOfAKind; i++) {
    const to: Fate = i % 2 === 0 ? 'refused' : 'answered'
    const steady = prober.steadily(to)
    const began = process.hrtime.bigint()
    const body = { action: to === 'refused' ? 'deny' : 'allow' }
    revision = (await api.call('editRule', { params: { id: rule.id }, body, ifMatch: revision })).etag
    const saved = msSince(began, process.hrtime.bigint())
    const { known } = await steady
    samples.push({ to, saved, enforced: msSince(began, known) })
    await settled(api)
    await delay(restMs, undefined, { signal })
  }
  return samples
}

function figuresOf(kind: string, samples: readonly Sample[]): readonly Figure[] {
  const percentiles = (what: string, values: readonly number[]): readonly Figure[] =>
    [0.5, 0.99].map((share) => ({
      name: `${kind}: ${what}, p${share * 100} of ${values.length}`,
      value: percentile(values, share),
      unit: 'ms',
    }))
  const enforced = (to: Fate) => samples.filter((one) => one.to === to).map((one) => one.enforced)
  return [
    ...percentiles(
      'edit to enforced on a new connection',
      samples.map((one) => one.enforced),
    ),
    ...percentiles('allow to deny', enforced('refused')),
    ...percentiles('deny to allow', enforced('answered')),
    ...percentiles(
      'edit to answer of the API',
      samples.map((one) => one.saved),
    ),
  ]
}

async function addressOf(lab: Lab, app: string): Promise<string> {
  const status = await lab.status()
  const pod = status.state === 'down' ? undefined : status.pods.find(({ owner }) => owner === app)
  if (pod === undefined) throw new Error(`the lab has no ${app}`)
  return pod.ips[0]!
}

export async function run({ say, signal }: BenchOptions): Promise<readonly Figure[]> {
  const parent = makeFolder()
  let lab: Lab | undefined
  try {
    lab = await up({ dir: join(parent, 'lab'), signal })
    const api = createClient(lab.paths.socket, 'bench')
    using prober = startProber(lab, client, { host: await addressOf(lab, server.pod), port: server.port })
    const figures: Figure[] = []
    for (const [kind, others] of Object.entries(kinds)) {
      say(kind)
      const before = { count: prober.count(), at: performance.now() }
      figures.push(...figuresOf(kind, await edits(api, prober, await startWith(api, others), signal)))
      const each = (performance.now() - before.at) / (prober.count() - before.count)
      say(`a probe took ${each.toFixed(2)} ms: so exact is it`)
    }
    return figures
  } finally {
    await lab?.down()
    rmSync(parent, { recursive: true, force: true })
  }
}
