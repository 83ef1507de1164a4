/** The ordered rule list: read, replaced, edited in place. Every answer's ETag is the revision of the whole list. */
import { z } from 'zod'
import type { Rule } from '../../policy/model.ts'
import { parseRule, parseRules, type RuleDocument } from '../../policy/parse-rule.ts'
import { judged, ruleDocument } from './documents.ts'
import { flag, listOf, nameText, page, route } from './route.ts'

/** A thing that keeps a rule from doing what it says: Envoy refused it, or it could not be compiled as meant. */
const ruleStatus = z.object({
  kind: z.enum(['rejected', 'compile']),
  /** Class of sidecars it concerns. */
  class: z.string(),
  message: z.string(),
})
const counters = { hits: z.number(), lastHit: z.string().nullable() }

const listedRule = z.object({
  /** Place in the whole list, from 0. */
  place: z.number(),
  rule: ruleDocument,
  ...counters,
  status: listOf(ruleStatus),
})
export type ListedRule = z.output<typeof listedRule>

/** Where a rule goes: first match wins, so the place is part of the meaning. */
export const position = z.union([
  z.enum(['top', 'end']),
  z.strictObject({ below: nameText }),
  z.strictObject({ above: nameText }),
])

const ruleId = z.strictObject({ id: nameText })
const rules = ['rules'] as const
const oneRule = z.object({ rule: ruleDocument })

export const ruleRoutes = {
  listRules: route({
    method: 'GET',
    path: '/rules',
    summary: 'The rules in order, with their hits and what is wrong with them; `default` counts what no rule matched',
    query: z.strictObject({ ...page(1_000, 10_000) }),
    answer: z.object({
      revision: z.number(),
      total: z.number(),
      rules: listOf(listedRule),
      default: z.object(counters),
    }),
    documents: rules,
  }),
  readRule: route({
    method: 'GET',
    path: '/rules/:id',
    summary: 'One rule',
    params: ruleId,
    answer: listedRule,
    documents: rules,
  }),
  replaceRules: route({
    method: 'PUT',
    path: '/rules',
    summary: 'The whole list',
    body: z.strictObject({ rules: judged<readonly RuleDocument[], readonly Rule[]>(parseRules, 'rules') }),
    answer: z.object({ revision: z.number(), total: z.number() }),
    documents: rules,
    writes: true,
    bulk: true,
  }),
  insertRule: route({
    method: 'POST',
    path: '/rules',
    summary: 'A new rule at a place',
    body: z.strictObject({ rule: judged<RuleDocument, Rule>(parseRule, 'rule'), position: position.default('end') }),
    answer: oneRule,
    documents: rules,
    writes: true,
  }),
  editRule: route({
    method: 'PATCH',
    path: '/rules/:id',
    summary:
      'Parts of a rule (JSON merge patch: null is the default); a learned rule that is edited becomes a user rule',
    params: ruleId,
    body: z.record(z.string(), z.unknown()),
    answer: oneRule,
    documents: rules,
    writes: true,
  }),
  moveRule: route({
    method: 'POST',
    path: '/rules/:id/move',
    summary: 'Another place for a rule',
    params: ruleId,
    body: z.strictObject({ position }),
    answer: z.object({ rule: ruleDocument, place: z.number() }),
    documents: rules,
    writes: true,
  }),
  deleteRule: route({
    method: 'DELETE',
    path: '/rules/:id',
    summary: 'Without the rule; with `ignore=true` its conversations are never learned again',
    params: ruleId,
    query: z.strictObject({ ignore: flag }),
    answer: z.object({ rule: ruleDocument }),
    documents: rules,
    writes: true,
  }),
}
