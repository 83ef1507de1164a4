/** `postern mode`: Discover, Monitor or Protect, for a group or for everything. */
import { Argument, type Command } from 'commander'
import type { Client } from '../client.ts'
import type { Context, Io } from '../io.ts'
import { clean } from '../output.ts'
import { groupsEtag, settingsEtag, withRevision, write } from '../write.ts'

type Mode = 'discover' | 'monitor' | 'protect'
type Revision = { readonly revision?: string }

export function addMode(parent: Command, { io, client }: Context): void {
  const mode = parent
    .command('mode')
    .summary('discover, monitor or protect')
    .description('Discover learns what happens, Monitor reports what no rule allows, Protect refuses it.')
  withRevision(mode.command('set'))
    .summary('the mode of a group, or of all')
    .argument('<group>', 'a learned group, a custom group (its learned groups), or all')
    .addArgument(new Argument('<mode>').choices(['discover', 'monitor', 'protect', 'default']))
    .addHelpText(
      'after',
      '\n`all` overrides every group until `postern mode set all default`, when each group’s own mode comes back.\n\nExamples:\n  postern mode set all protect\n  postern mode set nv.ubuntu.default protect',
    )
    .action(async (group: string, chosen: Mode | 'default', { revision }: Revision) => {
      const wanted = chosen === 'default' ? null : chosen
      if (group === 'all') await setAll(client(), wanted, revision)
      else await setGroup(io, client(), group, wanted, revision)
    })
}

async function setAll(client: Client, mode: Mode | null, revision: string | undefined): Promise<void> {
  const save = (ifMatch: string) => client.call('editSettings', { body: { mode }, ifMatch })
  await write({ read: settingsEtag(client), write: save, revision, retry: true })
}

async function setGroup(io: Io, client: Client, name: string, mode: Mode | null, revision: string | undefined) {
  const save = (ifMatch: string) => client.call('setMode', { params: { name }, body: { mode }, ifMatch })
  const { value } = await write({ read: groupsEtag(client), write: save, revision, retry: true })
  for (const group of value.set) io.out(`${clean(group)}: ${mode ?? 'default'}\n`)
  const { overriddenBy } = value
  if (overriddenBy !== null) io.out(`note: everything is in ${overriddenBy} until postern mode set all default\n`)
  for (const { group, reason } of value.left) io.out(`${clean(group)}: left as it is, ${clean(reason)}\n`)
}
