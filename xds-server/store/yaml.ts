/**
 * Everything people decided as one YAML text, and back. An import is judged whole by the policy's parsers before
 * anything is written, and written in one transaction or not at all. Parts the text does not have stay as they are.
 */
import { parseDocument, stringify } from 'yaml'
import type { Parsed, Policy, Problem, Rule } from '../policy/model.ts'
import { parsePolicy, policyToDocument } from '../policy/parse-policy.ts'
import { unknownTime } from '../policy/parse-rule.ts'
import type { AnyWrite, Batch, DocumentName, SavedAll, Store } from './model.ts'

/** Of a text; ten thousand rules with long http parts are about 4 MB. */
export const maxYamlBytes = 16 * 1024 * 1024
/** Aliases (`*x`) resolved; a small text can stand for a huge value through them. */
const maxAliases = 100

const names: readonly DocumentName[] = ['groups', 'rules', 'settings', 'ignored']

export type ImportOptions = {
  readonly author: string
  /** ISO 8601, UTC: of new rules that say no time. */
  readonly now: string
}
export type Imported = SavedAll | { readonly ok: false; readonly problems: readonly Problem[] }

export const exportYaml = (store: Store): string =>
  stringify(policyToDocument(storedPolicy(store)), { aliasDuplicateObjects: false })

/** Another writer in between is a conflict, as with any write; then nothing was written. */
export function importYaml(store: Store & Batch, text: string, { author, now }: ImportOptions): Imported {
  const parts = parseYaml(text)
  if (!parts.ok) return parts
  const before = storedPolicy(store)
  const bases = names.map((name) => store.read(name).revision)
  const draft = parsePolicy({ ...policyToDocument(before), ...parts.value })
  if (!draft.ok) return draft
  const policy: Policy = { ...draft.value, rules: withTimes(draft.value.rules, before.rules, now) }
  return store.writeAll(
    names.map(
      (name, i) => ({ document: name, value: policy[name], base: bases[i], author, summary: 'import' }) as AnyWrite,
    ),
  )
}

const storedPolicy = (store: Store): Policy => ({
  groups: store.read('groups').value,
  rules: store.read('rules').value,
  settings: store.read('settings').value,
  ignored: store.read('ignored').value,
})

/** A map of parts; what they mean is the policy's to judge. Problems of the syntax have the line as their path. */
function parseYaml(text: string): Parsed<Readonly<Record<string, unknown>>> {
  if (Buffer.byteLength(text) > maxYamlBytes) return problem('', `is larger than ${maxYamlBytes} bytes`)
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true })
  if (document.errors.length > 0) return { ok: false, problems: document.errors.map(syntaxProblem) }
  const value = resolved(() => document.toJS({ maxAliasCount: maxAliases }))
  if (!value.ok) return value
  if (typeof value.value === 'object' && value.value !== null && !Array.isArray(value.value)) {
    return { ok: true, value: value.value as Readonly<Record<string, unknown>> }
  }
  return problem('', `must be a map with ${names.join(', ')}`)
}

const problem = (path: string, message: string) => ({ ok: false, problems: [{ path, message }] }) as const

const syntaxProblem = (error: { linePos?: readonly { line: number }[]; message: string }): Problem => ({
  path: `line ${error.linePos?.[0]?.line ?? 1}`,
  message: error.message.split('\n', 1)[0]!,
})

/** The library throws where aliases are missing or too many. */
function resolved(read: () => unknown): Parsed<unknown> {
  try {
    return { ok: true, value: read() }
  } catch (error) {
    return problem('', (error as Error).message)
  }
}

/** A text need not say when: a known rule keeps its times, a new one begins now. */
function withTimes(rules: readonly Rule[], before: readonly Rule[], now: string): readonly Rule[] {
  const known = new Map(before.map((rule) => [rule.id, rule]))
  const time = (said: string, was: string | undefined): string => (said === unknownTime ? (was ?? now) : said)
  return rules.map((rule) => {
    const was = known.get(rule.id)
    const { createdAt, updatedAt } = rule
    return { ...rule, createdAt: time(createdAt, was?.createdAt), updatedAt: time(updatedAt, was?.updatedAt) }
  })
}
