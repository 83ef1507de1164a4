/**
 * A sensor compiled: rules of up to 16 patterns, all of which must hold, over URL, headers and body of one message. Its shape
 * was checked where it came in (xds-server/policy); here every pattern that can not be compiled is named, with its path.
 */
import { createHash } from 'node:crypto'
import type { DlpSensor, SensorPattern } from '../../xds-server/policy/sensor.ts'
import { dictionaryDetector } from './custom/dictionary.ts'
import { exactDataDetector } from './custom/exact-data.ts'
import { regexDetector } from './custom/regex.ts'
import { detectors } from './detectors.ts'
import { maxAtLeast, maxPatterns } from './limits.ts'
import type { Detector, Parsed, Problem } from './model.ts'

/** A `DlpSensor`, as far as compiling needs it. */
export type SensorSpec = Pick<DlpSensor, 'name' | 'rules' | 'mask'> & {
  readonly body: Pick<DlpSensor['body'], 'inspectBytes'>
}

export type Pattern = Pick<SensorPattern, 'have' | 'contexts' | 'atLeast'> & {
  /** Equal patterns of any sensors have detectors of one name, and one pass finds for all of them. */
  readonly detector: Detector
  /** What findings are called: the predefined detector, or `rule/n`. */
  readonly label: string
}

export type SensorRule = { readonly name: string; readonly patterns: readonly Pattern[] }

export type Sensor = {
  readonly name: string
  readonly mask: boolean
  /** Bytes of the decoded body that are looked at. */
  readonly inspectBytes: number
  readonly rules: readonly SensorRule[]
}

export function compileSensor({ name, rules, mask, body }: SensorSpec): Parsed<Sensor> {
  const problems: Problem[] = []
  const compiled = rules.map((rule, i) => ({
    name: rule.name,
    patterns: patternsOf(rule, `rules[${i}].patterns`, problems),
  }))
  if (problems.length > 0) return { ok: false, problems }
  return { ok: true, value: { name, mask, inspectBytes: body.inspectBytes, rules: compiled } }
}

function patternsOf(rule: SensorSpec['rules'][number], path: string, problems: Problem[]): readonly Pattern[] {
  const { patterns } = rule
  if (patterns.length === 0 || patterns.length > maxPatterns)
    problems.push({ path, message: `1 to ${maxPatterns} patterns are wanted` })
  else if (!patterns.some(({ have }) => have))
    problems.push({ path, message: 'at least one must be had: without, every message matches' })
  return patterns.flatMap((pattern, i) => {
    const { have, contexts, atLeast } = pattern
    const at = `${path}[${i}]`
    if (!Number.isInteger(atLeast) || atLeast < 1 || atLeast > maxAtLeast)
      problems.push({ path: `${at}.atLeast`, message: `a whole number from 1 to ${maxAtLeast} is wanted` })
    const detector = detectorOf(pattern)
    if (!detector.ok) problems.push(...detector.problems.map((p) => ({ ...p, path: `${at}.${p.path}` })))
    const label = pattern.kind === 'detector' ? pattern.detector : `${rule.name}/${i + 1}`
    return detector.ok ? [{ detector: detector.value, label, have, contexts, atLeast }] : []
  })
}

function detectorOf(pattern: SensorPattern): Parsed<Detector> {
  const name = nameOf(pattern)
  switch (pattern.kind) {
    case 'detector':
      return predefined(pattern.detector)
    case 'regex':
      return regexDetector(name, pattern.regex, pattern.ignoreCase)
    case 'words':
      return dictionaryDetector(name, pattern.words, pattern)
    case 'exact':
      return exactDataDetector(name, { ...pattern, salt: Buffer.from(pattern.salt, 'base64') })
  }
}

/** By what it looks for: the same in any rule of any sensor. */
function nameOf({ have, contexts, atLeast, ...kind }: SensorPattern): string {
  return `${kind.kind}:${createHash('sha256').update(JSON.stringify(kind)).digest('hex')}`
}

const byName = new Map(detectors.map((detector) => [detector.name, detector]))

function predefined(name: string): Parsed<Detector> {
  const known = byName.get(name)
  if (known) return { ok: true, value: known }
  return { ok: false, problems: [{ path: 'detector', message: `there is no ${JSON.stringify(name)}` }] }
}
