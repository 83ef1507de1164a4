/**
 * A client in a pod that asks Redis over and over, each time on a new connection, and says of each: when it was opened,
 * when its fate was known, and what that was. Times are of the machine's monotonic clock, which all its processes share.
 */
import { createInterface } from 'node:readline'
import type { Lab } from '../../../lab/lab.ts'

export type Fate = 'answered' | 'refused'
/** Nanoseconds. */
type Probe = { readonly opened: bigint; readonly known: bigint; readonly fate: Fate }

/** Runs in the pod, which sees no file of ours: `node -e`. Closing by reset leaves no port waiting behind. */
async function probe(host: string, port: number): Promise<void> {
  const { connect } = await import('node:net')
  const once = () => {
    const opened = process.hrtime.bigint()
    const socket = connect({ host, port }, () => socket.write('*1\r\n$4\r\nPING\r\n'))
    const end = (fate: string) => {
      socket.removeAllListeners().on('error', () => undefined)
      socket.resetAndDestroy()
      process.stdout.write(`${opened} ${process.hrtime.bigint()} ${fate}\n`)
      setImmediate(once)
    }
    socket.setNoDelay(true)
    socket.once('data', () => end('answered'))
    for (const event of ['end', 'error'] as const) socket.once(event, () => end('refused'))
  }
  process.stdin.resume().once('end', () => process.exit(0))
  once()
}

export type Prober = Disposable & {
  /**
   * The first probe of the unbroken row of probes that ended like this, as soon as the row is long enough.
   * Rejects after ten seconds.
   */
  steadily(fate: Fate): Promise<Probe>
  /** Probes so far. */
  readonly count: () => number
}

/** What many in a row say is no accident. */
const longEnough = 20
const patienceMs = 10_000

export function startProber(lab: Lab, pod: string, to: { readonly host: string; readonly port: number }): Prober {
  const program = `(${probe.toString()})(${JSON.stringify(to.host)}, ${to.port})`
  const child = lab.spawn(pod, ['node', '--input-type=module-typescript', '-e', program])
  let count = 0
  let row: { readonly first: Probe; length: number } | undefined
  let waiting: (() => void) | undefined
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [opened = '', known = '', fate] = line.split(' ')
    count++
    if (row !== undefined && row.first.fate === fate) row.length++
    else row = { first: { opened: BigInt(opened), known: BigInt(known), fate: fate as Fate }, length: 1 }
    waiting?.()
  })
  child.stderr.pipe(process.stderr)
  return {
    count: () => count,
    steadily: (fate) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`probes from ${pod} are not ${fate}`)), patienceMs)
        waiting = () => {
          if (row?.first.fate !== fate || row.length < longEnough) return
          clearTimeout(timer)
          waiting = undefined
          resolve(row.first)
        }
      }),
    [Symbol.dispose]: () => child.stdin.end(),
  }
}
