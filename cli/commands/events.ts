/** `postern events`: what happened that somebody should know. */
import { type Command, Option } from 'commander'
import type { z } from 'zod'
import { type event, eventKind, severity } from '../../xds-server/api/contract/observed.ts'
import type { Context, Io } from '../io.ts'
import { type Colour, type Column, clean, type Format, print, table, withOutput } from '../output.ts'
import { ago, duration } from '../time.ts'
import { number } from '../values.ts'

type Event = z.output<typeof event>
type Options = {
  readonly output: Format
  readonly kind?: Event['kind']
  readonly severity?: Event['severity']
  readonly group?: string
  readonly rule?: string
  readonly incident?: string
  readonly since?: number
  readonly before?: number
  readonly limit: number
}

export function addEvents(parent: Command, { io, client }: Context): void {
  withOutput(parent.command('events'))
    .summary('violations, denials, refused configuration, audit')
    .description('Events, newest first. Equal ones within 2 s are one with a count.')
    .addOption(new Option('--kind <kind>', 'only these').choices(eventKind.options))
    .addOption(new Option('--severity <severity>', 'only these').choices(severity.options))
    .option('--group <group>', 'either end')
    .option('--rule <id>', 'rule that decided; `default` where none matched')
    .option('--incident <id>', 'what an HTTP client was told with its 403')
    .option('--since <duration>', 'within, such as 10m', duration)
    .option('--before <id>', 'older than this event: the next page', number)
    .option('--limit <n>', 'at most so many', number, 50)
    .addHelpText(
      'after',
      '\nExamples:\n  postern events --kind violation --since 1h\n  postern events --rule default -o yaml',
    )
    .action(async ({ output, since, ...query }: Options) => {
      const from = since === undefined ? undefined : io.now() - since
      const { value } = await client().call('listEvents', { query: { ...query, since: from } })
      print(io, output, value, () => table(io, columns(io.now()), value.events, 'No event fits.'))
    })
}

const severityColours: Readonly<Record<Event['severity'], Colour>> = {
  info: 'grey',
  low: 'blue',
  medium: 'yellow',
  high: 'red',
  critical: 'magenta',
}

const columns = (now: number): readonly Column<Event>[] => [
  { title: 'ID', text: (e) => String(e.id) },
  { title: 'AGO', text: (e) => ago(e.lastTime, now) },
  { title: 'KIND', text: (e) => e.kind },
  { title: 'SEVERITY', text: (e) => e.severity, colour: (e) => severityColours[e.severity] },
  { title: 'COUNT', text: (e) => String(e.count) },
  { title: 'SOURCE', text: (e) => peerText(e.source) },
  { title: 'DESTINATION', text: (e) => peerText(e.destination) },
  { title: 'WHAT', text: (e) => whatText(e) },
  { title: 'RULE', text: (e) => e.rule ?? '' },
  { title: 'DONE', text: (e) => e.action ?? '', colour: (e) => (e.action === 'denied' ? 'red' : undefined) },
  { title: 'MESSAGE', text: (e) => e.message },
]

const peerText = (peer: Event['source']): string => (peer === undefined ? '' : (peer.workload ?? peer.group))

/** `POST /api/vote`, else application and port. */
function whatText({ http, application, port }: Event): string {
  if (http !== undefined) return `${http.method} ${http.path}`
  return [application, port].filter((part) => part !== undefined).join('/')
}

/** One event in full, for `postern why <incident>`. */
export function eventText(event: Event, io: Io): string {
  const peers = [event.source, event.destination].map((p) =>
    p === undefined ? '?' : `${peerText(p)} (${p.ip ?? p.group})`,
  )
  const where = `${peers.join(' → ')}${event.port === undefined ? '' : ` port ${event.port}`}`
  const lines = [
    `Event ${event.id}, ${ago(event.lastTime, io.now())} ago: ${event.message}`,
    `${where} ${whatText(event)}`,
  ]
  return lines.map((line) => `${clean(line)}\n`).join('')
}
