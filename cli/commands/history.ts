/** `postern history`: earlier revisions, what changed since, and back. */
import { Argument, type Command } from 'commander'
import type { z } from 'zod'
import type { historyRoutes } from '../../xds-server/api/contract/history.ts'
import { documentNames } from '../../xds-server/api/contract/route.ts'
import { changesText } from '../changes.ts'
import type { Context } from '../io.ts'
import { type Column, type Format, print, table, withOutput } from '../output.ts'
import { ago } from '../time.ts'
import { number } from '../values.ts'
import { withRevision, write } from '../write.ts'

type Document = z.input<typeof historyRoutes.listRevisions.params>['document']
type Info = z.output<typeof historyRoutes.listRevisions.answer>['revisions'][number]

const documentArgument = () => new Argument('<document>').choices(documentNames)

export function addHistory(parent: Command, context: Context): void {
  const history = parent.command('history').summary('earlier revisions: list, compare, restore')
  addReading(history, context)
  addRestoring(history, context)
}

function addReading(history: Command, { io, client }: Context): void {
  withOutput(history.command('list', { isDefault: true }))
    .summary('revisions, newest first')
    .addArgument(documentArgument().argOptional().default('rules'))
    .option('--limit <n>', 'at most so many', number, 50)
    .action(async (document: Document, { output, limit }: { output: Format; limit: number }) => {
      const { value } = await client().call('listRevisions', { params: { document }, query: { limit } })
      print(io, output, value, () => table(io, columns(io.now()), value.revisions, 'There is no revision.'))
    })
  withOutput(history.command('get'))
    .summary('what changed from a revision to now (-o yaml: the revision itself)')
    .addArgument(documentArgument())
    .argument('<revision>', 'as list shows it', number)
    .action(async (document: Document, revision: number, { output }: { output: Format }) => {
      const { value } = await client().call('readRevision', { params: { document, revision } })
      const text = () => `Changed from revision ${revision} to now:\n${changesText(io, value.changes)}`
      print(io, output, value.value, text)
    })
}

function addRestoring(history: Command, { io, client }: Context): void {
  withRevision(history.command('restore'))
    .summary('a new revision equal to an old one')
    .addArgument(documentArgument())
    .argument('<to>', 'the old revision', number)
    .action(async (document: Document, to: number, { revision }: { revision?: string }) => {
      const read = async () =>
        (await client().call('listRevisions', { params: { document }, query: { limit: 1 } })).etag
      const params = { document, revision: to }
      const restore = (ifMatch: string) => client().call('restoreRevision', { params, ifMatch })
      const { value } = await write({ read, write: restore, revision, retry: false })
      io.out(`Revision ${value.revision} is as revision ${to} was. Changed:\n${changesText(io, value.changes)}`)
    })
}

const columns = (now: number): readonly Column<Info>[] => [
  { title: 'REVISION', text: (r) => String(r.revision) },
  { title: 'AGO', text: (r) => ago(Date.parse(r.at), now) },
  { title: 'AUTHOR', text: (r) => r.author },
  { title: 'WHAT', text: (r) => r.summary },
]
