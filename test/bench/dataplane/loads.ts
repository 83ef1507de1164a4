/** The load generators people know, one short run at a time, and what they say. */
import { hub, type Places } from '../sidecars/places.ts'
import { ports } from './worlds.ts'

export type Load = {
  readonly name: string
  readonly app: keyof typeof ports
  /** The gates of issue 3 are about it. */
  readonly gated: boolean
  /** One run that takes about `seconds` where `perSecond` requests are answered. */
  readonly run: (places: Places, address: string, seconds: number, perSecond: number) => Promise<Outcome>
}
export type Outcome = {
  readonly requests: number
  /** Requests a second. */
  readonly rate: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

/** Slow machines need some requests, too, for a p99. */
const minRequests = 2_000
const redisConnections = 50

const commands = {
  PING: ['ping'],
  SET: ['set', 'key', 'xxx'],
  GET: ['get', 'key'],
  LPUSH: ['lpush', 'pushed', 'xxx'],
  LRANGE_100: ['lrange', 'list', '0', '99'],
} as const

/** The columns of its CSV that we read; latencies are in milliseconds. */
export function parseCsv(csv: string, requests: number): Outcome {
  const [head, row] = csv
    .trim()
    .split('\n')
    .slice(-2)
    .map((line) => line.split(',').map((cell) => cell.replaceAll('"', '')))
  const column = (name: string): number => {
    const value = Number(row?.[head?.indexOf(name) ?? -1])
    if (!(value > 0)) throw new Error(`redis-benchmark says no ${name}: ${csv}`)
    return value
  }
  return { requests, rate: column('rps'), p50: column('p50_latency_ms'), p99: column('p99_latency_ms') }
}

type RedisLoad = {
  readonly command: keyof typeof commands
  readonly pipeline: number
  readonly connections: 'kept' | 'new for each request'
}

function redisLoad({ command, pipeline, connections }: RedisLoad): Load {
  const gated = connections === 'kept'
  return {
    name: `${command}, c=${redisConnections}, P=${pipeline}${gated ? '' : `, ${connections}`}`,
    app: 'redis',
    gated,
    async run(places, address, seconds, perSecond) {
      const requests = Math.max(minRequests, Math.round(seconds * perSecond))
      const to = ['-h', address, '-p', `${ports.redis}`, '-k', gated ? '1' : '0']
      const how = ['-c', `${redisConnections}`, '-n', `${requests}`, '-P', `${pipeline}`, '--csv', '--precision', '3']
      return parseCsv(await places.exec(hub, ['redis-benchmark', ...to, ...how, ...commands[command]]), requests)
    },
  }
}

const perMs: Readonly<Record<string, number>> = { us: 1000, ms: 1, s: 0.001 }

export function parseWrk(text: string): Outcome {
  const found = (pattern: RegExp): RegExpExecArray => {
    const match = pattern.exec(text)
    if (match === null) throw new Error(`wrk says no ${pattern}: ${text}`)
    return match
  }
  const latency = (percent: number): number => {
    const [, value, unit] = found(new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s)`))
    return Number(value) / perMs[unit!]!
  }
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`wrk had errors: ${text}`)
  const rate = Number(found(/Requests\/sec:\s+([\d.]+)/)[1])
  return { requests: Number(found(/(\d+) requests in/)[1]), rate, p50: latency(50), p99: latency(99) }
}

/** wrk counts in whole seconds. */
function webLoad(connections: number): Load {
  return {
    name: `HTTP keep-alive, c=${connections}`,
    app: 'web',
    gated: false,
    async run(places, address, seconds) {
      const how = ['-t', '1', '-c', `${connections}`, '-d', `${Math.ceil(seconds)}s`, '--latency']
      return parseWrk(await places.exec(hub, ['wrk', ...how, `http://${address}:${ports.web}/`]))
    },
  }
}

const commandNames = Object.keys(commands) as readonly RedisLoad['command'][]
export const loads: readonly Load[] = [
  ...[1, 16].flatMap((pipeline) =>
    commandNames.map((command) => redisLoad({ command, pipeline, connections: 'kept' })),
  ),
  redisLoad({ command: 'PING', pipeline: 1, connections: 'new for each request' }),
  ...[1, 32].map(webLoad),
]
