/** `postern flows`: who speaks with whom. */
import { type Command, Option } from 'commander'
import type { z } from 'zod'
import type { conversation } from '../../xds-server/api/contract/observed.ts'
import type { Context, Io } from '../io.ts'
import { type Colour, type Column, type Format, print, table, withOutput } from '../output.ts'
import { ago, duration, size } from '../time.ts'
import { number } from '../values.ts'

type Conversation = z.output<typeof conversation>
type Options = {
  readonly output: Format
  readonly since?: number
  readonly limit: number
  readonly from?: string
  readonly to?: string
  readonly group?: string
  readonly app?: string
  readonly port?: number
  readonly verdict?: Conversation['verdict']
  readonly rule?: string
}

export function addFlows(parent: Command, { io, client }: Context): void {
  withOutput(parent.command('flows'))
    .summary('conversations of the last hour')
    .description('Conversations of the last hour: who spoke with whom, in which application, and what the policy said.')
    .option('--from <group>', 'source group')
    .option('--to <group>', 'destination group')
    .option('--group <group>', 'either end')
    .option('--app <name>', 'application')
    .option('--port <n>', 'destination port', number)
    .addOption(new Option('--verdict <verdict>', 'what the policy said').choices(['allow', 'violation', 'deny']))
    .option('--rule <id>', 'rule that decided')
    .option('--since <duration>', 'seen within, such as 10m', duration)
    .option('--limit <n>', 'at most so many, busiest first', number, 100)
    .addHelpText(
      'after',
      '\nExamples:\n  postern flows --verdict deny --since 10m\n  postern flows --to nv.redis-server.default -o json',
    )
    .action(async (options: Options) => {
      const { value } = await client().call('listConversations', { query: queryOf(options, io) })
      print(io, options.output, value, () => listing(io, value.conversations, value.total))
    })
}

function queryOf(options: Options, io: Io) {
  const { from, to, group, app, port, verdict, rule, since, limit } = options
  const asked = { source: from, destination: to, group, application: app, port, verdict, rule, limit }
  return { ...asked, since: since === undefined ? undefined : io.now() - since }
}

const verdictColours: Readonly<Record<Conversation['verdict'], Colour>> = {
  allow: 'green',
  violation: 'yellow',
  deny: 'red',
}

const columns = (now: number): readonly Column<Conversation>[] => [
  { title: 'SOURCE', text: (c) => c.source },
  { title: 'DESTINATION', text: (c) => c.destination },
  { title: 'APPLICATION', text: (c) => c.application },
  { title: 'PORT', text: (c) => (c.protocol === 'tcp' ? String(c.port) : `udp/${c.port}`) },
  { title: 'VERDICT', text: (c) => c.verdict, colour: (c) => verdictColours[c.verdict] },
  { title: 'RULE', text: (c) => c.rule },
  { title: 'CONNS', text: (c) => String(c.connections) },
  { title: 'REQS', text: (c) => String(c.requests) },
  { title: 'IN', text: (c) => size(c.bytesReceived) },
  { title: 'OUT', text: (c) => size(c.bytesSent) },
  { title: 'SEEN', text: (c) => ago(c.lastSeen, now) },
]

function listing(io: Io, rows: readonly Conversation[], total: number): string {
  const empty =
    'No conversation of the last hour fits. Sidecars report new ones within seconds; postern check tells whether they are connected.'
  const more = total > rows.length ? `${total - rows.length} more; --limit shows them.\n` : ''
  return table(io, columns(io.now()), rows, empty) + more
}
