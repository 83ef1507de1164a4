/** `postern proxies`, `check`, `metrics`: is everything where it should be? */
import type { Command } from 'commander'
import type { z } from 'zod'
import type { check, proxy } from '../../xds-server/api/contract/proxies.ts'
import type { Context, Io } from '../io.ts'
import { type Colour, type Column, clean, type Format, paint, print, table, withOutput } from '../output.ts'
import { ago } from '../time.ts'

type Proxy = z.output<typeof proxy>
type Check = z.output<typeof check>
type Output = { readonly output: Format }

export function addProxies(parent: Command, { io, client }: Context): void {
  withOutput(parent.command('proxies'))
    .summary('sidecars: connected, acknowledged, refused')
    .description('Every sidecar: whether it is connected, what it has not yet acknowledged and what it refused.')
    .action(async ({ output }: Output) => {
      const { value } = await client().call('listProxies', {})
      const empty = 'No sidecar has ever connected. postern lab up starts some.'
      print(io, output, value, () => table(io, proxyColumns(io.now()), value.proxies, empty))
    })
}

const proxyColumns = (now: number): readonly Column<Proxy>[] => [
  { title: 'WORKLOAD', text: (p) => p.workload },
  { title: 'STATE', text: stateOf, colour: (p) => stateColours[stateOf(p)] },
  { title: 'SINCE', text: (p) => (p.since === 0 ? 'never' : ago(p.since, now)) },
  { title: 'LAG', text: (p) => (p.lagMs === 0 ? '-' : `${p.lagMs}ms`) },
  { title: 'ENVOY', text: (p) => p.version },
  { title: 'CLASS', text: (p) => p.class },
  { title: 'REFUSED', text: (p) => p.rejected.map((r) => `${r.resource}: ${r.message}`).join('; ') },
]

type State = 'synced' | 'pending' | 'refused' | 'gone'
const stateColours: Readonly<Record<State, Colour>> = {
  synced: 'green',
  pending: 'yellow',
  refused: 'red',
  gone: 'red',
}

function stateOf(proxy: Proxy): State {
  if (!proxy.connected) return 'gone'
  if (proxy.rejected.length > 0) return 'refused'
  return proxy.pending > 0 ? 'pending' : 'synced'
}

export function addCheck(parent: Command, { io, client, exitWith }: Context): void {
  withOutput(parent.command('check'))
    .summary('is everything well? (exit code 1 when not)')
    .description('Named checks of the whole installation, each with what to do. Exit code 1 when one is an error.')
    .action(async ({ output }: Output) => {
      const { value } = await client().call('readStatus', {})
      print(io, output, value, () => value.checks.map((c) => checkText(io, c)).join(''))
      if (!value.ok) exitWith(1)
    })
}

const marks: Readonly<Record<Check['level'], { readonly mark: string; readonly colour: Colour }>> = {
  ok: { mark: '√', colour: 'green' },
  warning: { mark: '‼', colour: 'yellow' },
  error: { mark: '×', colour: 'red' },
}

function checkText(io: Io, { level, title, details, hint, id }: Check): string {
  const { mark, colour } = marks[level]
  const head = `${paint(io, colour, mark)} ${title}\n`
  if (level === 'ok') return head
  return `${head}${details.map((d) => `    ${clean(d)}\n`).join('')}    ${paint(io, 'grey', `→ ${hint} (${id})`)}\n`
}

export function addMetrics(parent: Command, { io, client }: Context): void {
  parent
    .command('metrics')
    .summary('the control plane’s metrics, as Prometheus reads them')
    .action(async () => io.out(await client().text('/metrics')))
}
