/** Settings, ignored flows, and the whole policy as one document: what people export, keep in Git and import. */
import { defaultSettings } from './defaults.ts'
import { isHostPattern } from './fqdn.ts'
import { learnedPrefix } from './group.ts'
import type { Group, IgnoredFlow, Parsed, Policy, Problem, Settings } from './model.ts'
import { modes, reservedGroups } from './model.ts'
import type { Reader } from './parse.ts'
import { anyText, at, flag, guesses, integer, list, oneOf, optional, parseWith, required, struct } from './parse.ts'
import { groupName, readGroups } from './parse-group.ts'
import { inspectionProblems, readInspections } from './parse-inspection.ts'
import type { RuleDocument } from './parse-rule.ts'
import { readRules, ruleToDocument } from './parse-rule.ts'
import { readDlpSensors, readWafSensors } from './parse-sensor.ts'
import type { DlpSensorDocument, WafSensorDocument } from './sensor-document.ts'
import { dlpSensorToDocument, wafSensorToDocument } from './sensor-document.ts'

const maxIgnored = 10_000
/** Ten years: past it a promotion is never. */
const maxHours = 87_600

const hours = optional<number | null>(integer(1, maxHours), null)

const readSettings: Reader<Settings> = struct<Settings>({
  mode: optional<Settings['mode']>(oneOf(modes), null),
  modeResolution: optional(oneOf(['destination', 'basic', 'strict']), defaultSettings.modeResolution),
  newGroupMode: optional(oneOf(modes), defaultSettings.newGroupMode),
  pins: optional(oneOf(['verify', 'trust']), defaultSettings.pins),
  revealRule: optional(flag, defaultSettings.revealRule),
  autoPromote: optional(
    struct<Settings['autoPromote']>({ toMonitor: hours, toProtect: hours }),
    defaultSettings.autoPromote,
  ),
})

/** Whole settings: what is left out is the default, not what it was before. */
export function parseSettings(input: unknown, path = 'settings'): Parsed<Settings> {
  return parseWith(readSettings, input, path)
}

const readIgnored: Reader<readonly IgnoredFlow[]> = list(
  struct<IgnoredFlow>({ from: required(groupName), to: required(groupName), application: required(anyText(64)) }),
  maxIgnored,
)

/** A server name is asked for by a connection, so a group of names only has nobody in it that could connect. */
const isNamesOnly = (group: Group | undefined): boolean =>
  group?.kind === 'address' && group.addresses.length > 0 && group.addresses.every(isHostPattern)

type Named = { readonly groups: ReadonlyMap<string, Group>; readonly guess: (wrote: string) => string }

function referenceProblem(name: string, end: 'from' | 'to', { groups, guess }: Named): string | undefined {
  if (end === 'from' && isNamesOnly(groups.get(name)))
    return `\`${name}\` has only host names, which nobody connects from`
  const known = groups.has(name) || name.startsWith(learnedPrefix) || reservedGroups.some((r) => r === name)
  return known ? undefined : `\`${name}\` is no group${guess(name)}`
}

/**
 * What is wrong with rules and groups together, which neither shows alone. Learned groups come and go with their
 * workloads, so a rule may name one that is not there.
 */
export function policyProblems(policy: Pick<Policy, 'groups' | 'rules'>, path = 'rules'): readonly Problem[] {
  const groups = new Map(policy.groups.map((g) => [g.name, g]))
  const named = { groups, guess: guesses([...groups.keys(), ...reservedGroups]) }
  const ends = ['from', 'to'] as const
  return policy.rules.flatMap((rule, i) =>
    ends.flatMap((end) => {
      const message = referenceProblem(rule[end], end, named)
      return message === undefined ? [] : [{ path: `${path}[${i}].${end}`, message }]
    }),
  )
}

const readParts = struct<Policy>({
  groups: optional<Policy['groups']>(readGroups, []),
  rules: optional<Policy['rules']>(readRules, []),
  settings: optional(readSettings, defaultSettings),
  ignored: optional<Policy['ignored']>(readIgnored, []),
  wafSensors: optional<Policy['wafSensors']>(readWafSensors, []),
  dlpSensors: optional<Policy['dlpSensors']>(readDlpSensors, []),
  inspections: optional<Policy['inspections']>(readInspections, []),
})

/** The whole policy; what its parts name of each other is there, too. */
export function parsePolicy(input: unknown, path = ''): Parsed<Policy> {
  const parts = parseWith(readParts, input, path)
  if (!parts.ok) return parts
  const problems = [
    ...policyProblems(parts.value, at(path, 'rules')),
    ...inspectionProblems(parts.value, at(path, 'inspections')),
  ]
  return problems.length === 0 ? parts : { ok: false, problems }
}

/** A policy as a document that `parsePolicy` reads back the same. */
export type PolicyDocument = Omit<Policy, 'rules' | 'wafSensors' | 'dlpSensors'> & {
  readonly rules: readonly RuleDocument[]
  readonly wafSensors: readonly WafSensorDocument[]
  readonly dlpSensors: readonly DlpSensorDocument[]
}

export function policyToDocument(policy: Policy): PolicyDocument {
  return {
    ...policy,
    rules: policy.rules.map(ruleToDocument),
    wafSensors: policy.wafSensors.map(wafSensorToDocument),
    dlpSensors: policy.dlpSensors.map(dlpSensorToDocument),
  }
}
