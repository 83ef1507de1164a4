/**
 * Which rules a name means, and what settings make of them: a Core Rule Set in a directory, or the pack that comes with
 * Postern. Settings become SecLang, put where ModSecurity's users put it: scores and levels after a rule set's own set-up
 * and before its first rule, exclusions behind its last.
 * Promises: every problem names file and line (settings are the files `settings` and `exclusions`). Never: a rule that is
 * left out without being told.
 */
import type { CrsExclusion, CrsSettings } from '../../xds-server/policy/sensor.ts'
import { baseRules } from './base.ts'
import { dispensableRules } from './dispensable.ts'
import { packFamilies, packFile } from './pack/pack.ts'
import { ruleFilesOf } from './seclang/files.ts'
import { loadRules, type Source } from './seclang/load.ts'
import type { Parsed, Problem, RuleSet } from './seclang/model.ts'

/** Where rules come from. */
export type RuleOrigin =
  | { readonly kind: 'pack' }
  /** Files and directories, in this order. */
  | { readonly kind: 'paths'; readonly paths: readonly string[] }

export type RuleSettings = Partial<Omit<CrsSettings, 'ruleSet'>> & {
  /** No rule ends the evaluation. */
  readonly detectionOnly?: boolean
  /** Leave out what is not understood, and list it. */
  readonly lenient?: boolean
}

/**
 * What a sensor's settings mean here. `crsDirectory`: the Core Rule Set the classifier was started with; where there is
 * none, `crs` means the pack, and `because` says so.
 */
export function ruleOrigin(
  ruleSet: CrsSettings['ruleSet'],
  crsDirectory?: string,
): RuleOrigin & { readonly because?: string } {
  if (ruleSet === 'base') return { kind: 'pack' }
  if (crsDirectory !== undefined) return { kind: 'paths', paths: [crsDirectory] }
  return {
    kind: 'pack',
    because: 'no Core Rule Set is configured (--crs, CRS_DIR): the rules that come with Postern judge',
  }
}

export function loadRuleSet({
  ruleSet,
  crsDirectory,
  ...settings
}: CrsSettings & { readonly crsDirectory?: string | undefined }): Parsed<RuleSet> {
  return loadFrom(ruleOrigin(ruleSet, crsDirectory), settings)
}

/** What a setting does not say stays as the rules have it. */
export function loadFrom(origin: RuleOrigin, settings: RuleSettings = {}): Parsed<RuleSet> {
  const excluded = exclusionsText(settings.exclusions ?? [])
  if (!excluded.ok) return excluded
  const files = filesOf(origin)
  if (!files.ok) return files
  const { setup, rules } = files.value
  const paths = [...setup, settingsSource(settings), ...rules]
  return loadRules(paths, {
    before: [baseRules],
    after: [{ file: 'exclusions', text: excluded.value }],
    lenient: settings.lenient ?? false,
    dispensable: dispensableRules,
  })
}

function filesOf(origin: RuleOrigin): Parsed<{ setup: readonly string[]; rules: readonly string[] }> {
  if (origin.kind === 'pack') return parsed({ setup: [], rules: packFamilies.map(packFile) })
  const found = origin.paths.map(readable)
  const problems = found.flatMap((each) => (each.ok ? [] : each.problems))
  if (problems.length > 0) return { ok: false, problems }
  const files = found.flatMap((each) => (each.ok ? [each.value] : []))
  return parsed({ setup: files.flatMap(({ setup }) => setup), rules: files.flatMap(({ rules }) => rules) })
}

const parsed = <T>(value: T): Parsed<T> => ({ ok: true, value, skipped: [] })

function readable(path: string): Parsed<ReturnType<typeof ruleFilesOf>> {
  try {
    return parsed(ruleFilesOf(path))
  } catch (error) {
    return { ok: false, problems: [{ file: path, line: 0, message: (error as Error).message }] }
  }
}

/** Ids of ours that neither CRS (900,000 to 999,999) nor the pack has. */
const ids = { settings: 9_190_001, withoutResponses: 9_190_002 }

/** CRS 3.x has other names for the levels than 4.x and the pack; a name nobody reads does nothing. */
function settingsSource({ paranoia, inboundThreshold, outboundThreshold, ...rest }: RuleSettings): Source {
  const levels = ['blocking_paranoia_level', 'detection_paranoia_level', 'paranoia_level', 'executing_paranoia_level']
  const set = (name: string, value: number | undefined): readonly string[] =>
    value === undefined ? [] : [`setvar:tx.${name}=${value}`]
  const actions = [
    `id:${ids.settings},phase:1,pass,nolog`,
    ...levels.flatMap((level) => set(level, paranoia)),
    ...set('inbound_anomaly_score_threshold', inboundThreshold),
    ...set('outbound_anomaly_score_threshold', outboundThreshold),
    ...(rest.detectionOnly ? ['ctl:ruleEngine=DetectionOnly'] : []),
  ]
  const responses =
    rest.responses === false
      ? ['SecResponseBodyAccess Off', `SecAction "id:${ids.withoutResponses},phase:3,allow,nolog"`]
      : []
  return { file: 'settings', text: [`SecAction "${actions.join(',')}"`, ...responses].join('\n') }
}

/** One line each, so that the line of a problem is the place in the list. */
function exclusionsText(exclusions: readonly CrsExclusion[]): Parsed<string> {
  const problems = exclusions.flatMap((exclusion, index): readonly Problem[] => {
    const words: readonly string[] = Object.values(exclusion).flat()
    const strange = words.find((word) => !/^[^"\\\p{Cc}]+$/u.test(word))
    return strange === undefined ? [] : [{ file: 'exclusions', line: index + 1, message: `«${strange}» is no name` }]
  })
  if (problems.length > 0) return { ok: false, problems }
  return parsed(exclusions.map((exclusion) => directivesOf(exclusion).join('\n')).join('\n'))
}

function directivesOf(exclusion: CrsExclusion): readonly string[] {
  if (!('targets' in exclusion)) {
    if ('ids' in exclusion) return [`SecRuleRemoveById ${exclusion.ids.map(quoted).join(' ')}`]
    return exclusion.tags.map((tag) => `SecRuleRemoveByTag ${quoted(tag)}`)
  }
  const targets = quoted(exclusion.targets.map((target) => `!${target}`).join('|'))
  if ('ids' in exclusion) return [`SecRuleUpdateTargetById ${quoted(exclusion.ids.join(','))} ${targets}`]
  return exclusion.tags.map((tag) => `SecRuleUpdateTargetByTag ${quoted(tag)} ${targets}`)
}

const quoted = (word: string): string => `"${word}"`
