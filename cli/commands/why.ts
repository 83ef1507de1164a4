/** `postern why`: the decision about a flow with every step to it, or the event behind an incident id. */
import { type Command, Option } from 'commander'
import type { z } from 'zod'
import type { whyRoutes } from '../../xds-server/api/contract/why.ts'
import type { Context } from '../io.ts'
import { clean, type Format, print, withOutput } from '../output.ts'
import { collect, number } from '../values.ts'
import { verdictText } from '../verdict.ts'
import { eventText } from './events.ts'

type Answer = z.output<typeof whyRoutes.askWhy.answer>
type Options = {
  readonly output: Format
  readonly app?: string
  readonly udp?: boolean
  readonly method?: string
  readonly path?: string
  readonly host?: string
  readonly grpc?: string
  readonly header?: readonly string[]
}

const examples = `
Examples:
  postern why nv.ui.shop nv.db.shop 5432 --app postgresql
  postern why ui-1 api-1 80 --app http --method POST --path /api/vote
  postern why 192.0.2.7 ui-1 80
  postern why 6f1c2a90-…          (the incident id that an HTTP client was told)`

export function addWhy(parent: Command, { io, client }: Context): void {
  withOutput(parent.command('why'))
    .summary('why a flow is allowed or denied')
    .description(
      'The decision about a flow, with its trace. Ends are pods, groups or addresses. Or the event of an incident.',
    )
    .argument('<source|incident>')
    .argument('[destination]')
    .argument('[port]', undefined, number)
    .option('--app <name>', 'application; without it: the decision when the connection is made')
    .option('--udp', 'the port is a UDP port')
    .option('--method <method>', 'HTTP method')
    .option('--path <path>', 'HTTP path')
    .option('--host <host>', 'HTTP host')
    .option('--header <name:value>', 'HTTP header; may be repeated', collect)
    .addOption(new Option('--grpc <method>', 'package.Service/Method'))
    .addHelpText('after', examples)
    .action(
      async (
        first: string,
        destination: string | undefined,
        port: number | undefined,
        options: Options,
        command: Command,
      ) => {
        if (destination === undefined) return incident(first, options)
        if (port === undefined) command.error('error: say source, destination and port')
        await flow(first, destination, port!, options)
      },
    )

  async function incident(id: string, { output }: Options): Promise<void> {
    const { value } = await client().call('readIncident', { params: { incident: id } })
    const { event } = value
    print(
      io,
      output,
      event,
      () => eventText(event, io) + (event.trace === undefined ? '' : verdictText(io, event.trace)),
    )
  }

  async function flow(source: string, destination: string, port: number, options: Options): Promise<void> {
    const { output, app, udp, ...http } = options
    const query = { source, destination, port, application: app, protocol: udp ? ('udp' as const) : undefined, ...http }
    const { value } = await client().call('askWhy', { query })
    print(io, output, value, () => asked(value) + verdictText(io, value.verdict))
  }
}

const asked = ({ source, destination }: Answer): string =>
  [source, destination]
    .map((end) => (end.text === end.ip ? '' : `${clean(`${end.text}: ${end.ip}, ${end.meaning}`)}\n`))
    .join('')
