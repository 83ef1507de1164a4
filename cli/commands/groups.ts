/** `postern groups`: who is in which group, and the groups people make. */
import type { Command } from 'commander'
import type { z } from 'zod'
import type { WrittenGroup } from '../../xds-server/api/contract/documents.ts'
import type { groupRoutes, ListedGroup } from '../../xds-server/api/contract/groups.ts'
import type { Context, Io } from '../io.ts'
import { type Colour, type Column, clean, type Format, print, table, withOutput } from '../output.ts'
import { collect } from '../values.ts'
import { groupsEtag, withRevision, write } from '../write.ts'

type Opened = z.output<typeof groupRoutes.readGroup.answer>
type Member = Opened['members'][number]
type Output = { readonly output: Format }
type Making = {
  readonly where?: readonly string[]
  readonly address?: readonly string[]
  readonly comment?: string
  readonly revision?: string
}

export function addGroups(parent: Command, context: Context): void {
  const groups = parent
    .command('groups')
    .summary('learned, custom, address and reserved groups')
    .description('Groups: nv.<owner>.<namespace> are made for every owner; custom and address groups you make.')
  addReading(groups, context)
  addWriting(groups, context)
}

function addReading(groups: Command, { io, client }: Context): void {
  withOutput(groups.command('list', { isDefault: true }))
    .summary('all groups with their modes')
    .action(async ({ output }: Output) => {
      const { value } = await client().call('listGroups', { query: { limit: 10_000 } })
      print(io, output, value, () => table(io, columns, value.groups, 'There is no group.'))
    })
  withOutput(groups.command('get'))
    .summary('one group and its members')
    .argument('<name>')
    .action(async (name: string, { output }: Output) => {
      const { value } = await client().call('readGroup', { params: { name } })
      print(io, output, value, () => groupText(io, value))
    })
}

function addWriting(groups: Command, { io, client }: Context): void {
  withRevision(groups.command('set'))
    .summary('make or replace a custom or an address group')
    .argument('<name>')
    .option(
      '--where <criterion>',
      'key op value, such as namespace=cattle-* or label.app!=web; may be repeated',
      collect,
    )
    .option('--address <address>', 'IP, CIDR, range a-b, name or *.example.com; may be repeated', collect)
    .option('--comment <text>', 'what it is for')
    .addHelpText(
      'after',
      '\nExamples:\n  postern groups set lb --address 192.168.120.100-192.168.120.101\n  postern groups set system --where "namespace=cattle-*" --where namespace=kube-system',
    )
    .action(async (name: string, options: Making, command: Command) => {
      if ((options.where === undefined) === (options.address === undefined)) {
        command.error('error: say either --where or --address')
      }
      const body = { group: documentOf(name, options) }
      const put = (ifMatch: string) => client().call('putGroup', { params: { name }, body, ifMatch })
      await write({ read: groupsEtag(client()), write: put, revision: options.revision, retry: true })
    })
  withRevision(groups.command('rm'))
    .summary('without the group; a learned one goes back to its defaults')
    .argument('<name>')
    .action(async (name: string, { revision }: { revision?: string }) => {
      const remove = (ifMatch: string) => client().call('deleteGroup', { params: { name }, ifMatch })
      await write({ read: groupsEtag(client()), write: remove, revision, retry: true })
      io.out(`deleted ${clean(name)}\n`)
    })
}

function documentOf(name: string, { where, address, comment }: Making): WrittenGroup {
  const rest = comment === undefined ? { name } : { name, comment }
  return address === undefined ? { ...rest, criteria: where ?? [] } : { ...rest, addresses: address }
}

const modeColours: Readonly<Record<string, Colour>> = { discover: 'blue', monitor: 'magenta', protect: 'green' }

const columns: readonly Column<ListedGroup>[] = [
  { title: 'NAME', text: (g) => g.name },
  { title: 'KIND', text: (g) => g.kind },
  { title: 'MODE', text: (g) => g.mode ?? '-', colour: (g) => modeColours[g.mode ?? ''] },
  { title: 'MEMBERS', text: (g) => String(g.members) },
  { title: 'WHY', text: (g) => (g.kind === 'learned' ? g.reason : '') },
  { title: 'COMMENT', text: (g) => g.comment },
]

/** Nothing where no sensor is bound to it. */
function sensorText({ inspection }: ListedGroup): string {
  if (inspection === null) return ''
  const names = (['waf', 'dlp'] as const).flatMap((kind) =>
    inspection[kind].map(({ sensor, action }) => `${kind.toUpperCase()} ${sensor} (${action})`),
  )
  return `sensors: ${clean(names.join(', '))}; ${inspection.onFailure}\n`
}

const memberColumns: readonly Column<Member>[] = [
  { title: 'NAMESPACE', text: (w) => w.namespace },
  { title: 'NAME', text: (w) => w.name },
  { title: 'SIDECAR', text: (w) => (w.managed ? 'yes' : 'no'), colour: (w) => (w.managed ? undefined : 'yellow') },
  { title: 'NODE', text: (w) => w.node },
  { title: 'ADDRESSES', text: (w) => w.ips.join(',') },
]

function groupText(io: Io, { group, members }: Opened): string {
  const head = table(io, columns, [group], '') + sensorText(group)
  const more = group.members > members.length ? `${group.members - members.length} more members are not shown.\n` : ''
  return `${head}\n${table(io, memberColumns, members, 'No workload is in it.')}${more}`
}
