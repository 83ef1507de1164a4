/** The rule list. Every write is on the whole list at the revision the caller saw: its order is its meaning. */
import { insertRule, moveRule, type Position, replaceRule } from '../../policy/edit.ts'
import type { Parsed, Rule } from '../../policy/model.ts'
import { parseRule } from '../../policy/parse-rule.ts'
import type { ruleRoutes } from '../contract/rules.ts'
import { deleteRule } from '../delete-rule.ts'
import type { Call, HandlersOf } from '../handler.ts'
import { mergePatch } from '../merge-patch.ts'
import { accepted, invalid, notFound } from '../problem.ts'
import { requireFitting, requireGroupsOf } from '../references.ts'
import { defaultCounters, ruleViews } from '../rules.ts'
import { save } from '../save.ts'
import { savedRule } from '../saved-rule.ts'
import { stamped } from '../stamp.ts'

type Saving = Pick<Call<never>, 'backend' | 'base' | 'author'>

export const ruleHandlers: HandlersOf<typeof ruleRoutes> = {
  listRules: ({ query, backend }) => {
    const { revision, value } = backend.store.read('rules')
    const view = ruleViews(backend)
    const shown = value.slice(query.offset, query.offset + query.limit)
    const rules = shown.map((rule, i) => view(rule, query.offset + i))
    return { revision, total: value.length, rules, default: defaultCounters(backend) }
  },
  readRule: ({ params, backend }) => {
    const rules = backend.store.read('rules').value
    const place = placeOf(rules, params.id)
    return ruleViews(backend)(rules[place]!, place)
  },
  replaceRules: (call) => {
    const { rules } = call.body
    requireFitting(call.backend.store, { rules })
    saveRules(call, `replace by ${rules.length} rules`, () => rules)
    return { revision: call.backend.store.read('rules').revision, total: rules.length }
  },
  insertRule: (call) => {
    const { rule, position } = call.body
    requireGroupsOf(call.backend.store, rule, 'rule')
    const rules = saveRules(call, `insert rule ${rule.id}`, (all) => accepted(insertedAt(all, rule, position)))
    return { rule: savedRule(rules[placeOf(rules, rule.id)]!) }
  },
  editRule: (call) => {
    const { id } = call.params
    const rules = saveRules(call, editSummary(id, call.body), (all) =>
      accepted(replaceRule(all, edited(all[placeOf(all, id)]!, call))),
    )
    return { rule: savedRule(rules[placeOf(rules, id)]!) }
  },
  moveRule: (call) => {
    const { id } = call.params
    const { position } = call.body
    const rules = saveRules(call, `move rule ${id}`, (all) => {
      placeOf(all, id)
      return accepted(moveRule(all, id, position))
    })
    const place = placeOf(rules, id)
    return { rule: savedRule(rules[place]!), place }
  },
  deleteRule: (call) => ({ rule: savedRule(deleteRule(call, call.params.id, call.query.ignore)) }),
}

function saveRules(call: Saving, summary: string, edit: (rules: readonly Rule[]) => readonly Rule[]): readonly Rule[] {
  const now = new Date(call.backend.now()).toISOString()
  return save({ ...call, document: 'rules', summary, change: (rules) => stamped(edit(rules), rules, now) })
}

/** Throws `not-found`. */
function placeOf(rules: readonly Rule[], id: string): number {
  const place = rules.findIndex((rule) => rule.id === id)
  if (place < 0) throw notFound(`rule ${id}`)
  return place
}

/** Problems of the rule at its place in the body. */
function insertedAt(rules: readonly Rule[], rule: Rule, position: Position): Parsed<readonly Rule[]> {
  const inserted = insertRule(rules, rule, position)
  if (inserted.ok) return inserted
  const path = (said: string) => (said === 'position' ? said : ['rule', said].filter((part) => part !== '').join('.'))
  return { ok: false, problems: inserted.problems.map((problem) => ({ ...problem, path: path(problem.path) })) }
}

type Patch = Readonly<Record<string, unknown>>

/** Fields whose change leaves a learned rule a learned one: the learner may go on adding ports to it. */
const incidental = ['disabled', 'comment']

function edited(rule: Rule, { body, backend }: { readonly body: Patch } & Pick<Saving, 'backend'>): Rule {
  if ('id' in body && body.id !== rule.id) throw invalid('id', 'an id is for life: insert a new rule instead')
  const meant = Object.keys(body).some((field) => !incidental.includes(field))
  const origin = rule.origin === 'learned' && meant ? { origin: 'user' } : {}
  const result = accepted(parseRule(mergePatch({ ...savedRule(rule), ...origin }, body)))
  requireGroupsOf(backend.store, result, '')
  return result
}

function editSummary(id: string, patch: Patch): string {
  if (Object.keys(patch).join() !== 'disabled') return `edit rule ${id}`
  return `${patch.disabled ? 'disable' : 'enable'} rule ${id}`
}
