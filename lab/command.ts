/** `postern lab up|down|status|exec|scale`. */
import type { Command } from 'commander'
import type { Context, Io } from '../cli/io.ts'
import { type Column, print, table } from '../cli/output.ts'
import { LabError } from './error.ts'
import { execAttached } from './exec.ts'
import { openLab, up } from './lab.ts'
import type { Health, LabStatus, PodStatus } from './status.ts'

type LabContext = Pick<Context, 'io' | 'exitWith'>
type Output = { readonly json?: boolean }

/** Adds the `lab` command to `parent` and gives it back, for further subcommands. Failures: a line, exit code 1. */
export function addLab(parent: Command, context: LabContext): Command {
  const lab = parent.command('lab').description('a small cluster of network namespaces on this machine (root only)')
  for (const add of [addUp, addDown, addStatus, addExec, addScale]) add(lab, context)
  return lab
}

function addUp(lab: Command, context: LabContext): void {
  lab
    .command('up')
    .description('make the lab and leave it running')
    .option('--plain', 'without control plane and sidecars')
    .option('--json', 'print the status as JSON')
    .action(
      reporting(context, async ({ plain = false, json = false }: Output & { readonly plain?: boolean }) => {
        const made = await untilInterrupted((signal) => {
          return up({ owner: 'nobody', signal, controlPlane: !plain, sidecars: !plain })
        })
        printStatus(context.io, await made.status(), json)
      }),
    )
}

function addDown(lab: Command, context: LabContext): void {
  lab
    .command('down')
    .description('take the lab away, or what a killed one left')
    .option('--keep', 'keep logs and data until the next `up`')
    .option('--json', 'print the status as JSON')
    .action(
      reporting(context, async ({ keep = false, json = false }: Output & { readonly keep?: boolean }) => {
        const lab = openLab()
        await lab.down({ keepFiles: keep })
        printStatus(context.io, await lab.status(), json)
      }),
    )
}

function addStatus(lab: Command, context: LabContext): void {
  lab
    .command('status')
    .description('pods, their addresses, and whether sidecars and apps are ready')
    .option('--json', 'print as JSON')
    .action(
      reporting(context, async ({ json = false }: Output) => {
        printStatus(context.io, await openLab().status(), json)
      }),
    )
}

function addExec(lab: Command, context: LabContext): void {
  lab
    .command('exec')
    .description('run a command in a pod, as its app’s user: postern lab exec ubuntu-1 -- ssh ubuntu-2.ubuntu hostname')
    .argument('<pod>', 'a pod, an app (its first pod) or `node`')
    .argument('<command...>')
    .option('--json', 'print {code, stdout, stderr} instead of passing them on')
    .action(
      reporting(context, async (pod: string, argv: string[], { json = false }: Output) => {
        const lab = openLab()
        if (!json) return context.exitWith(await execAttached(lab.paths, pod, argv))
        const result = await lab.exec(pod, argv)
        context.io.out(`${JSON.stringify(result, null, 2)}\n`)
        context.exitWith(result.code)
      }),
    )
}

function addScale(lab: Command, context: LabContext): void {
  lab
    .command('scale')
    .description('make an app have n pods')
    .argument('<app>', 'for instance yelb-ui')
    .argument('<n>', 'how many', Number)
    .option('--json', 'print the status as JSON')
    .action(
      reporting(context, async (app: string, count: number, { json = false }: Output) => {
        const lab = openLab()
        await lab.scale(app, count)
        printStatus(context.io, await lab.status(), json)
      }),
    )
}

/** A lab's own failures are for people; anything else goes up. */
export function reporting<A extends unknown[]>({ io, exitWith }: LabContext, action: (...args: A) => Promise<void>) {
  return async (...args: A): Promise<void> => {
    try {
      await action(...args)
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      io.err(`error: ${error.message}\n`)
      exitWith(1)
    }
  }
}

/** Ctrl-C stops an `up` under way and takes away what it made. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController()
  const interrupt = () => stop.abort(new LabError('failed', 'interrupted; what was made is taken away again'))
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    return await work(stop.signal)
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

const colours: Readonly<Record<Health, 'green' | 'yellow' | 'red' | 'grey'>> = {
  ready: 'green',
  'not-ready': 'yellow',
  ended: 'red',
  none: 'grey',
}

const columns: readonly Column<PodStatus>[] = [
  { title: 'POD', text: ({ name }) => name },
  { title: 'NAMESPACE', text: ({ namespace }) => namespace || '-' },
  { title: 'OWNER', text: ({ owner }) => owner },
  { title: 'SIDECAR', text: ({ sidecar }) => sidecar, colour: ({ sidecar }) => colours[sidecar] },
  { title: 'APP', text: ({ app }) => app, colour: ({ app }) => colours[app] },
  { title: 'ADDRESSES', text: ({ ips }) => ips.join(' ') },
]

/** The status as a table, or as JSON. */
export function printStatus(io: Io, status: LabStatus, json: boolean): void {
  print(io, json ? 'json' : 'table', status, () => {
    if (status.state === 'down') return `no lab is up (${status.dir})\n`
    const head = `lab ${status.state} in ${status.dir}; control plane: ${status.controlPlane}\n\n`
    return head + table(io, columns, status.pods, 'no pods')
  })
}
