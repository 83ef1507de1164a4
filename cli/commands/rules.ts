/** `postern rules`: the ordered list. First match wins, so where a rule stands is part of what it says. */
import type { Command } from 'commander'
import type { Context } from '../io.ts'
import { clean, type Format, print, withOutput } from '../output.ts'
import { ruleList, ruleText } from '../rule-table.ts'
import { write } from '../write.ts'
import { addRuleEdits } from './rule-edits.ts'

export function addRules(parent: Command, context: Context): void {
  const rules = parent
    .command('rules')
    .summary('the ordered rule list')
    .description('The rules, first match wins; what none matches, the default decides by mode (learn, alert or deny).')
  addReading(rules, context)
  addRuleEdits(rules, context)
  addIgnored(rules, context)
}

function addReading(rules: Command, { io, client }: Context): void {
  withOutput(rules.command('list', { isDefault: true }))
    .summary('all rules in order')
    .action(async ({ output }: { output: Format }) => {
      const { value } = await client().call('listRules', { query: { limit: 10_000 } })
      print(io, output, value, () => ruleList(io, value))
    })
  withOutput(rules.command('get'))
    .summary('one rule, what it did and what is wrong with it')
    .argument('<id>')
    .action(async (id: string, { output }: { output: Format }) => {
      const { value } = await client().call('readRule', { params: { id } })
      print(io, output, value, () => ruleText(io, value))
    })
}

function addIgnored(rules: Command, { io, client }: Context): void {
  withOutput(rules.command('ignored'))
    .summary('conversations that are never learned again')
    .action(async ({ output }: { output: Format }) => {
      const { value } = await client().call('listIgnored', { query: { limit: 10_000 } })
      const lines = () => value.ignored.map((i) => `${clean(`${i.from} → ${i.to} ${i.application}`)}\n`).join('')
      print(io, output, value, () => lines() || 'Nothing is ignored.\n')
    })
  rules
    .command('unignore')
    .summary('learn this conversation again')
    .arguments('<from> <to> <application>')
    .action(async (from: string, to: string, application: string) => {
      const query = { from, to, application }
      const etag = async () => (await client().call('listIgnored', { query: { limit: 1 } })).etag
      await write({
        read: etag,
        write: (ifMatch) => client().call('forgetIgnored', { query, ifMatch }),
        revision: undefined,
        retry: true,
      })
    })
}
