/** `postern export` and `import`: the whole policy as one YAML file. */
import type { Command } from 'commander'
import { changesText } from '../changes.ts'
import type { Context } from '../io.ts'
import { yamlOf } from '../output.ts'
import { readPolicy } from '../policy-file.ts'
import { policyEtag, withRevision, write } from '../write.ts'

export function addTransfer(parent: Command, { io, client }: Context): void {
  parent
    .command('export')
    .summary('the whole policy as YAML')
    .argument('[file]', 'where to; standard output otherwise')
    .action(async (file: string | undefined) => {
      const text = yamlOf((await client().call('exportPolicy', {})).value)
      if (file === undefined) io.out(text)
      else await io.write(file, text)
    })
  withRevision(parent.command('import'))
    .summary('replace the policy by a YAML file, wholly or not at all')
    .description(
      'Judges the whole file first: with any problem nothing is changed. Parts the file does not have stay as they are.',
    )
    .argument('<file>', 'as export writes it; - is standard input')
    .option('--dry-run', 'only say what would change')
    .addHelpText('after', '\nWhat it would have meant for the last hour’s conversations: postern diff <file>')
    .action(async (file: string, { revision, dryRun }: { revision?: string; dryRun?: boolean }) => {
      const body = await readPolicy(io, file)
      const query = { dryRun: dryRun ? ('true' as const) : ('false' as const) }
      const save = (ifMatch: string) => client().call('importPolicy', { query, body, ifMatch })
      const { value } = await write({ read: policyEtag(client()), write: save, revision, retry: false })
      io.out(`${value.saved ? 'Changed' : 'Would change'}:\n${changesText(io, value.changes)}`)
    })
}
