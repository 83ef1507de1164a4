/** `postern rules add|insert|edit|move|rm|enable|disable`: every one a write of the whole list at a revision. */
import { type Command, Option } from 'commander'
import type { Position } from '../../xds-server/policy/edit.ts'
import type { RuleDocument } from '../../xds-server/policy/parse-rule.ts'
import type { Client } from '../client.ts'
import type { Context } from '../io.ts'
import { clean } from '../output.ts'
import { type RuleOptions, ruleParts, withRuleOptions } from '../rule-options.ts'
import { type Placed, placeOf, withPlace } from '../rule-place.ts'
import { rulesEtag, withRevision, write } from '../write.ts'

type Revision = { readonly revision?: string }

export function addRuleEdits(rules: Command, context: Context): void {
  addMaking(rules, context)
  addChanging(rules, context)
  addRemoving(rules, context)
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

async function insert(
  context: Context,
  command: Command,
  options: RuleOptions & Revision,
  position: Position,
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
  const { client } = context
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
}

function addRemoving(rules: Command, { io, client }: Context): void {
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
