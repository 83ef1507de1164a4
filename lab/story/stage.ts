/** What the steps of the story do things with: real clients in the pods, the API, and looking until something is so. */
import type { z } from 'zod'
import type { Client } from '../../cli/client.ts'
import type { event } from '../../xds-server/api/contract/observed.ts'
import type { Lab } from '../lab.ts'
import type { RunResult } from '../run.ts'
import { until } from '../until.ts'
import { Policy } from './policy.ts'
import { startTalker, type Talker } from './talker.ts'

type Event = z.output<typeof event>

/** How long a step looks for one thing. */
const patienceMs = 30_000
const everyMs = 100
/** Of one client call. */
const clientTimeoutMs = 10_000

/** The groups of the story. */
export const group = {
  ui: 'nv.yelb-ui.yelb',
  appserver: 'nv.yelb-appserver.yelb',
  db: 'nv.yelb-db.yelb',
  redis: 'nv.redis-server.yelb',
  ubuntu: 'nv.ubuntu.default',
  legacy: 'nv.legacy.default',
  loadBalancer: 'load-balancer',
} as const

export const loadBalancerIp = '192.168.120.100'

/** Exit codes of curl(1) that mean the door was shut: reset, or closed without an answer. */
const curlRefused = [52, 56]
const curlReset = 56

export type Fetched = {
  /** curl's exit code. */
  readonly code: number
  /** 0: no answer. */
  readonly status: number
  readonly body: string
  readonly error: string
}

export class Stage implements AsyncDisposable {
  readonly lab: Lab
  readonly api: Client
  readonly policy: Policy
  readonly #talkers: Talker[] = []
  /** Epoch milliseconds. */
  readonly #since = Date.now()

  constructor(lab: Lab, api: Client) {
    this.lab = lab
    this.api = api
    this.policy = new Policy(api)
  }

  /** First IPv4 address of a pod, or of an app's first pod. */
  async ip(pod: string): Promise<string> {
    return (await this.ips(pod))[0]!
  }

  /** IPv4 addresses of an app's pods. */
  async ips(app: string): Promise<readonly string[]> {
    const status = await this.lab.status()
    const pods = status.state === 'down' ? [] : status.pods.filter((p) => p.name === app || p.owner === app)
    if (pods.length === 0) throw new Error(`no pod ${app}`)
    return pods.flatMap((p) => p.ips.filter((ip) => ip.includes('.')).slice(0, 1))
  }

  exec(pod: string, argv: readonly string[], input?: string): Promise<RunResult> {
    return this.lab.exec(pod, argv, { timeoutMs: clientTimeoutMs, ...(input === undefined ? {} : { input }) })
  }

  /** curl from a pod; more arguments as curl has them. */
  async fetch(pod: string, url: string, ...more: readonly string[]): Promise<Fetched> {
    const wanted = [
      'curl',
      '--silent',
      '--show-error',
      '--max-time',
      '8',
      '--path-as-is',
      '--write-out',
      '\n%{http_code}',
    ]
    const { code, stdout, stderr } = await this.exec(pod, [...wanted, ...more, url])
    const at = stdout.lastIndexOf('\n')
    return { code, status: Number(stdout.slice(at + 1)), body: stdout.slice(0, at), error: stderr.trim() }
  }

  /** What `look` finds, as soon as it finds something. */
  until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    return until(look, { what, timeoutMs: patienceMs, everyMs })
  }

  /** Until curl is refused as said: `reset` is a RST; `refused` also a close without an answer. */
  async refused(pod: string, url: string, how: 'reset' | 'refused', ...more: readonly string[]): Promise<string> {
    const codes = how === 'reset' ? [curlReset] : curlRefused
    const got = await this.until(`${pod} → ${url} to be ${how}`, async () => {
      const one = await this.fetch(pod, url, ...more)
      return codes.includes(one.code) ? one : undefined
    })
    return `${pod} → ${url}: ${got.error}`
  }

  /** Until curl gets this status. */
  async answered(pod: string, url: string, status: number, ...more: readonly string[]): Promise<Fetched> {
    let last = ''
    const look = async () => {
      const one = await this.fetch(pod, url, ...more)
      last = `${one.status} ${one.error}`
      return one.status === status ? one : undefined
    }
    return this.until(`${pod} → ${url}: ${status}`, look).catch((error: Error) => {
      throw new Error(`${error.message}; last: ${last}`)
    })
  }

  /** The event that fits, newest first, not older than `since` (epoch ms). */
  event(what: string, since: number, fits: (event: Event) => boolean): Promise<Event> {
    return this.until(`an event: ${what}`, async () => {
      const { value } = await this.api.call('listEvents', { query: { since, limit: 500 } })
      return value.events.find(fits)
    })
  }

  /** What inspection found since the story began. */
  async alerts(): Promise<readonly Event[]> {
    const kinds = ['threat', 'leak'] as const
    const query = { since: this.#since, limit: 1_000 }
    const found = await Promise.all(kinds.map((kind) => this.api.call('listEvents', { query: { ...query, kind } })))
    return found.flatMap(({ value }) => value.events)
  }

  /** Until every sidecar holds what was last published. */
  async applied(): Promise<void> {
    await this.until('every sidecar to have the policy', async () => {
      const { value } = await this.api.call('listProxies', {})
      const late = value.proxies.filter((p) => !p.connected || p.pending > 0)
      return late.length === 0 ? true : undefined
    })
  }

  /** Yelb as people use it, through the load balancer: page, votes, counters. */
  async yelbWorks(): Promise<string> {
    const url = `http://${await this.ip('yelb-ui')}`
    const from = ['--interface', loadBalancerIp]
    await this.answered('external', `${url}/`, 200, ...from)
    const votes = await this.answered('external', `${url}/api/getvotes`, 200, ...from)
    const views = await this.answered('external', `${url}/api/pageviews`, 200, ...from)
    return `Yelb works: page, votes ${votes.body.slice(0, 40)}…, ${views.body} page views`
  }

  talker(pod: string): Talker {
    const talker = startTalker(this.lab, pod)
    this.#talkers.push(talker)
    return talker
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const talker of this.#talkers) talker.end()
  }
}

/**
 * The stage with nothing on it: default settings, default rules. One thing goes on all through the story: everything is
 * looked at for attacks and card numbers, in passing.
 */
export async function stageOf(lab: Lab, api: Client): Promise<Stage> {
  const stage = new Stage(lab, api)
  await stage.policy.reset()
  await stage.policy.inspect({
    group: 'containers',
    waf: [{ sensor: 'base', action: 'allow' }],
    dlp: [{ sensor: 'creditcard', action: 'allow' }],
  })
  await stage.applied()
  return stage
}
