/** Rules as people write them ⇄ the model. Only `from`, `to` and `action` are needed. */
import { applications, isApplication, isHttp } from './applications.ts'
import { shortHash } from './hash.ts'
import type { HttpMatch, Parsed, PortRange, Rule, RuleOrigin } from './model.ts'
import { defaultRuleId, uninspectedRuleId } from './model.ts'
import type { Reader } from './parse.ts'
import {
  anyText,
  at,
  didYouMean,
  flag,
  list,
  omissible,
  oneOf,
  optional,
  parseWith,
  required,
  struct,
  text,
} from './parse.ts'
import { groupName } from './parse-group.ts'
import { readHttp } from './parse-http.ts'
import { formatPorts, parsePorts } from './ports.ts'
import { distinctIds, listProblems } from './rule-list.ts'

/** Rules of a cluster. */
export const maxRules = 10_000
/** Characters. The id stands in Envoy's policy names, log lines and URLs. */
const maxIdLength = 128

/** A rule as it is written: what is left out is any, or the default. */
export type RuleDocument = {
  readonly id?: string
  readonly comment?: string
  readonly from: string
  readonly to: string
  readonly applications?: readonly string[]
  /** `80,8500-8508,udp/53` or `any`. */
  readonly ports?: string
  readonly http?: readonly Partial<HttpMatch>[]
  readonly action: 'allow' | 'deny'
  readonly disabled?: boolean
  readonly origin?: RuleOrigin
  readonly createdAt?: string
  readonly updatedAt?: string
}

/** Stands in a rule whose document says no time: a parser has no clock. */
export const unknownTime = '1970-01-01T00:00:00.000Z'

const origins: readonly RuleOrigin[] = ['user', 'learned', 'imported', 'federated', 'default']

const reservedIds: ReadonlyMap<string, string> = new Map([
  [defaultRuleId, 'what is said where no rule matched'],
  [uninspectedRuleId, 'what is said where a sensor could not look'],
])

const ruleId = text((value) => {
  const meaning = reservedIds.get(value)
  if (meaning !== undefined) return { wrong: `\`${value}\` is ${meaning}` }
  if (/^[A-Za-z0-9][A-Za-z0-9._:-]*$/.test(value)) return { value }
  return { wrong: 'must be letters, digits and . _ : - and begin with a letter or digit' }
}, maxIdLength)

const application = text((value) =>
  isApplication(value)
    ? { value }
    : { wrong: `\`${value}\` is no application${didYouMean(value, Object.keys(applications))}` },
)

const applicationList = list(application, Object.keys(applications).length)

const readApplications: Reader<readonly string[]> = (input, path, problems) => {
  if (input === 'any') return []
  const names = applicationList(input, path, problems)
  return names && [...new Set(names)]
}

const readPorts: Reader<readonly PortRange[]> = (input, path, problems) => {
  // `ports: 80` in YAML is a number.
  const written = typeof input === 'number' ? String(input) : input
  const ports = typeof written === 'string' ? parsePorts(written, path) : undefined
  if (ports?.ok) return ports.value
  problems.push(...(ports?.problems ?? [{ path, message: 'must be a text such as `80,8500-8508,udp/53`' }]))
  return undefined
}

const time = text((value) =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(value) && !Number.isNaN(Date.parse(value))
    ? { value }
    : { wrong: 'must be a time like 2026-01-31T12:00:00Z' },
)

type Written = Omit<Rule, 'id'> & { readonly id?: string }

const written = struct<Written>({
  id: omissible(ruleId),
  comment: optional(anyText(), ''),
  from: required(groupName),
  to: required(groupName),
  applications: optional(readApplications, []),
  ports: optional(readPorts, []),
  http: optional(readHttp, []),
  action: required(oneOf(['allow', 'deny'])),
  disabled: optional(flag, false),
  origin: optional(oneOf(origins), 'user'),
  createdAt: optional(time, unknownTime),
  updatedAt: optional(time, unknownTime),
})

/** The same rule always gets the same id, so that importing a file twice changes nothing. */
function idFor({ from, to, applications: names, ports, http, action }: Written): string {
  return `rule-${shortHash(JSON.stringify([from, to, names, ports, http, action]))}`
}

const readRule: Reader<Rule> = (input, path, problems) => {
  const rule = written(input, path, problems)
  if (rule === undefined) return undefined
  const odd = rule.http.length > 0 ? rule.applications.find((name) => !isHttp(name)) : undefined
  if (odd !== undefined) {
    const message = `\`${odd}\` has no requests, so it can not stand beside an http part`
    return void problems.push({ path: at(path, 'applications'), message })
  }
  return { ...rule, id: rule.id ?? idFor(rule) }
}

export function parseRule(input: unknown, path = ''): Parsed<Rule> {
  return parseWith(readRule, input, path)
}

export const readRules: Reader<readonly Rule[]> = (input, path, problems) => {
  const rules = list(readRule, maxRules)(input, path, problems)
  if (rules === undefined) return undefined
  const given = (input as readonly { readonly id?: string }[]).flatMap((r) => r.id ?? [])
  const all = distinctIds(rules, new Set(given))
  const wrong = listProblems(all, path)
  problems.push(...wrong)
  return wrong.length > 0 ? undefined : all
}

/** A list of rules in order: ids are unique, federated rules stand first. */
export function parseRules(input: unknown, path = 'rules'): Parsed<readonly Rule[]> {
  return parseWith(readRules, input, path)
}

/** The fields that say something. */
function said<T extends object>(value: T): Partial<T> {
  const empty = (v: unknown) => v === '' || v === false || (Array.isArray(v) && v.length === 0)
  return Object.fromEntries(Object.entries(value).filter(([, v]) => !empty(v))) as Partial<T>
}

/** The shortest document that `parseRule` reads back as this rule. */
export function ruleToDocument(rule: Rule): RuleDocument {
  const { ports, http, origin, createdAt, updatedAt, ...rest } = rule
  return {
    ...said({ ...rest, http: http.map(said) }),
    from: rule.from,
    to: rule.to,
    action: rule.action,
    ...(ports.length > 0 ? { ports: formatPorts(ports) } : {}),
    ...(origin === 'user' ? {} : { origin }),
    ...(createdAt === unknownTime ? {} : { createdAt }),
    ...(updatedAt === unknownTime ? {} : { updatedAt }),
  }
}
