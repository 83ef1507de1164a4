/** A rule as the API gives it back: the document people write, with the id it certainly has. */
import type { Rule } from '../policy/model.ts'
import { type RuleDocument, ruleToDocument } from '../policy/parse-rule.ts'

export type SavedRule = RuleDocument & { readonly id: string }

export const savedRule = (rule: Rule): SavedRule => ({ ...ruleToDocument(rule), id: rule.id })
