/** `postern rules`: the ordered list. First match wins, so where a rule stands is part of what it says. */
import { type Command, Option } from 'commander'
import type { RuleDocument } from '../../xds-server/policy/parse-rule.ts'
import type { Client } from '../client.ts'
import type { Context } from '../io.ts'
import { clean, type Format, print, withOutput } from '../output.ts'
import { type RuleOptions, ruleParts, withRuleOptions } from '../rule-options.ts'
import { ruleList, ruleText } from '../rule-table.ts'
import { rulesEtag, withRevision, write } from '../write.ts'

type Revision = { readonly revision?: string }
type Placed = { readonly top?: boolean; readonly below?: string; readonly above?: string }
type Place = 'top' | 'end' | { readonly below: string } | { readonly above: string }

export function addRules(parent: Command, context: Context): void {
  const rules = parent
    .command('rules')
    .summary('the ordered rule list')
    .description('The rules, first match wins; what none matches, the default decides by mode (learn, alert or deny).')
  addReading(rules, context)
  addMaking(rules, context)
  addChanging(rules, context)
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

function addMaking(rules: Command, context: Context): void {
  withRevision(withRuleOptions(rules.command('add')))
    .summary('a new rule at the end')
    .addHelpText(
      'after',
      '\nExample:\n  postern rules add --from nv.ui.shop --to nv.api.shop --app http --port 80 --allow',
    )
    .action((options: RuleOptions & Revision, command: Command) => insert(context, command, options, 'end'))
  withPlace(withRevision(withRuleOptions(rules.command('insert'))))
    .summary('a new rule at a place')
    .addHelpText(
      'after',
      '\nExample:\n  postern rules insert --top --from any --to nv.db.shop --app ssh --deny --comment "no shells"',
    )
    .action((options: RuleOptions & Revision & Placed, command: Command) =>
      insert(context, command, options, placeOf(options, command)),
    )
}

function withPlace(command: Command): Command {
  return command
    .addOption(new Option('--top', 'as the first rule').conflicts(['below', 'above']))
    .addOption(new Option('--below <id>', 'under this rule').conflicts(['above']))
    .option('--above <id>', 'over this rule')
}

function placeOf({ top, below, above }: Placed, command: Command): Place {
  if (top) return 'top'
  if (below !== undefined) return { below }
  if (above !== undefined) return { above }
  return command.error('error: say where: --top, --below <id> or --above <id>')
}

async function insert(
  context: Context,
  command: Command,
  options: RuleOptions & Revision,
  position: Place,
): Promise<void> {
  const { io, client } = context
  if (options.allow === options.deny) command.error('error: say either --allow or --deny')
  const rule = ruleParts(options) as unknown as RuleDocument
  const saved = await edit(client(), options.revision, true, async (ifMatch) => {
    return (await client().call('insertRule', { body: { rule, position }, ifMatch })).value.rule
  })
  io.out(`${clean(saved.id)}\n`)
}

/** A new rule, a deletion and a switch mean the same whatever else changed; an edit and a move do not. */
const edit = <T>(
  client: Client,
  revision: string | undefined,
  retry: boolean,
  doing: (ifMatch: string) => Promise<T>,
) => write({ read: rulesEtag(client), write: doing, revision, retry })

function addChanging(rules: Command, context: Context): void {
  const { io, client } = context
  withRevision(withRuleOptions(rules.command('edit')))
    .summary('other parts for a rule; a learned one becomes yours')
    .argument('<id>')
    .action(async (id: string, { revision, ...options }: RuleOptions & Revision, command: Command) => {
      const body = ruleParts(options)
      if (Object.keys(body).length === 0) command.error('error: say what to change')
      await edit(client(), revision, false, (ifMatch) => client().call('editRule', { params: { id }, body, ifMatch }))
    })
  for (const disabled of [false, true]) addSwitch(rules, context, disabled)
  withPlace(withRevision(rules.command('move')))
    .summary('another place for a rule')
    .argument('<id>')
    .addOption(new Option('--end', 'as the last rule').conflicts(['top', 'below', 'above']))
    .action(async (id: string, options: Placed & Revision & { end?: boolean }, command: Command) => {
      const position = options.end ? 'end' : placeOf(options, command)
      const ask = { params: { id }, body: { position } }
      await edit(client(), options.revision, false, (ifMatch) => client().call('moveRule', { ...ask, ifMatch }))
    })
  withRevision(rules.command('rm'))
    .summary('without these rules; a learned one comes back with its traffic unless --ignore')
    .argument('<id...>')
    .option('--ignore', 'never learn the conversations of these learned rules again')
    .action(async (ids: readonly string[], options: Revision & { ignore?: boolean }) => {
      let { revision } = options
      for (const id of ids) revision = await remove(client(), id, options.ignore === true, revision)
      io.out(`${ids.length === 1 ? 'deleted 1 rule' : `deleted ${ids.length} rules`}\n`)
    })
}

/** Answers the revision for the next one, where one was said. */
async function remove(client: Client, id: string, ignore: boolean, revision: string | undefined) {
  const query = { ignore: ignore ? ('true' as const) : ('false' as const) }
  return next(
    revision,
    await edit(client, revision, true, (ifMatch) => client.call('deleteRule', { params: { id }, query, ifMatch })),
  )
}

const next = (revision: string | undefined, { etag }: { readonly etag: string }): string | undefined =>
  revision === undefined ? undefined : etag.replaceAll('"', '')

function addSwitch(rules: Command, { client }: Context, disabled: boolean): void {
  withRevision(rules.command(disabled ? 'disable' : 'enable'))
    .summary(disabled ? 'keep these rules and do not apply them' : 'apply these rules again')
    .argument('<id...>')
    .action(async (ids: readonly string[], options: Revision) => {
      let { revision } = options
      for (const id of ids) {
        const ask = { params: { id }, body: { disabled } }
        revision = next(
          revision,
          await edit(client(), revision, true, (ifMatch) => client().call('editRule', { ...ask, ifMatch })),
        )
      }
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
