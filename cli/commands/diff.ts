/** `postern diff`: what a policy file would change, and what it would have meant for the last hour. */
import type { Command } from 'commander'
import type { z } from 'zod'
import type { previewedChange, transferRoutes } from '../../xds-server/api/contract/transfer.ts'
import { changesText } from '../changes.ts'
import type { Context, Io } from '../io.ts'
import { type Colour, type Column, type Format, print, table, withOutput } from '../output.ts'
import { readPolicy } from '../policy-file.ts'

type Preview = z.output<typeof transferRoutes.previewPolicy.answer>
type Previewed = z.output<typeof previewedChange>
type Verdict = Previewed['before']

export function addDiff(parent: Command, { io, client }: Context): void {
  withOutput(parent.command('diff'))
    .summary('what a policy file would change, tried on the last hour’s traffic')
    .description(
      'A dry run: the differences to the policy now, and each conversation of the last hour that would be decided otherwise.',
    )
    .argument('<file>', 'YAML or JSON as export writes it, or parts of it; - is standard input')
    .action(async (file: string, { output }: { output: Format }) => {
      const body = await readPolicy(io, file)
      const asked = { query: { dryRun: 'true' as const }, body, ifMatch: '*' }
      const { changes } = (await client().call('importPolicy', asked)).value
      const preview = (await client().call('previewPolicy', { body })).value
      const text = () => `Changes:\n${changesText(io, changes)}\n${previewText(io, preview)}`
      print(io, output, { changes, preview }, text)
    })
}

function previewText(io: Io, { tried, denied, violations, allowed, changes }: Preview): string {
  const lines = [
    `This change would have denied ${countText(denied)} of the last hour${connectionText(denied)}.`,
    `It would have reported ${countText(violations)} and let pass${connectionText(violations)}.`,
    `It would have let in ${countText(allowed)} that had been refused${connectionText(allowed)}.`,
  ]
  const said = [denied, violations, allowed].flatMap((count, i) =>
    i === 0 || count.conversations > 0 ? lines[i]! : [],
  )
  const head = `${said.join('\n')}\n${tried} recorded conversations were tried.\n`
  return changes.length === 0 ? head : `${head}\n${table(io, columns, changes, '')}`
}

type Count = Preview['denied']
const countText = ({ conversations }: Count): string =>
  `${conversations || 'no'} ${conversations === 1 ? 'conversation' : 'conversations'}`
const connectionText = ({ connections }: Count): string =>
  connections === 0 ? '' : ` (${connections} ${connections === 1 ? 'connection' : 'connections'})`

const columns: readonly Column<Previewed>[] = [
  { title: 'SOURCE', text: (c) => endText(c.after.trace.source) },
  { title: 'DESTINATION', text: (c) => endText(c.after.trace.destination) },
  { title: 'WHAT', text: (c) => whatText(c.flow) },
  { title: 'COUNT', text: (c) => String(c.count) },
  { title: 'NOW', text: (c) => verdictText(c.before), colour: (c) => verdictColours[c.before.policy] },
  { title: 'THEN', text: (c) => verdictText(c.after), colour: (c) => verdictColours[c.after.policy] },
]

/** The name the map uses. */
const endText = (end: Verdict['trace']['source']): string => end.groups[0] ?? end.ip

function whatText({ http, application, protocol, port }: Previewed['flow']): string {
  const where = protocol === 'tcp' ? String(port) : `udp/${port}`
  const what = `${application ?? '?'}/${where}`
  return http === undefined ? what : `${what} ${http.method} ${http.path}`
}

const verdictColours: Readonly<Record<Verdict['policy'], Colour>> = { allow: 'green', deny: 'red', undecided: 'yellow' }

/** `deny by web-1`, and what is done where the mode is more lenient: `deny by default (passes: monitor)`. */
function verdictText({ policy, enforced, rule, mode }: Verdict): string {
  const passes = policy === 'deny' && enforced === 'allow' ? ` (passes: ${mode.mode})` : ''
  return `${policy} by ${rule}${passes}`
}
