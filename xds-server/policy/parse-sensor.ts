/**
 * Sensors and their bindings as people write them. What a pattern means (is it a regex, is there such a detector) the
 * classifier says (`checkSensor`): this folder has no regex engine for it and runs in a browser.
 */
import { learnedPrefix } from './group.ts'
import type { Parsed, Policy, Problem } from './model.ts'
import type { Reader } from './parse.ts'
import {
  anyText,
  at,
  didYouMean,
  flag,
  integer,
  list,
  oneOf,
  optional,
  parseWith,
  required,
  struct,
  text,
} from './parse.ts'
import { groupName } from './parse-group.ts'
import type {
  BodyLimit,
  CrsExclusion,
  CrsSettings,
  DlpSensor,
  Inspection,
  InspectionProfile,
  InspectionSet,
  PatternContext,
  SensorBinding,
  SensorPattern,
  SensorRule,
  WafSensor,
} from './sensor.ts'
import {
  defaultDlpBody,
  defaultWafBody,
  maxInspectBytes,
  maxSensorPatterns,
  patternContexts,
  predefinedDlpSensors,
  predefinedWafSensors,
  sensorActions,
} from './sensor.ts'

/** Sensors of a kind; rules of one. */
const maxSensors = 500
const maxSensorRules = 500
/** Sensors bound to one group; groups with sensors. */
const maxBindings = 50
const maxInspections = 5_000
const maxProfiles = 10_000
const maxExclusions = 1_000
/** Characters of a pattern, and of a word; words of a pattern (exact data: hashes). */
const maxPatternLength = 1_024
const maxWordLength = 256
const maxWords = 10_000
const maxHashes = 1_000_000
const maxAtLeast = 1_000
/** Past such a score nothing is ever refused; CRS adds 5 for a critical rule. */
const maxThreshold = 10_000

const sensorName = text((value) =>
  /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(value)
    ? { value }
    : { wrong: `\`${value}\` is no sensor name: letters, digits and . _ - only` },
)
const comment = optional(anyText(), '')

const bodyOf = (standard: BodyLimit) =>
  optional(
    struct<BodyLimit>({
      inspectBytes: optional(integer(1, maxInspectBytes), standard.inspectBytes),
      pastLimit: optional<BodyLimit['pastLimit']>(oneOf(['deny', 'pass']), standard.pastLimit),
    }),
    standard,
  )

const contexts: Reader<readonly PatternContext[]> = (input, path, problems) => {
  const named = list(oneOf(patternContexts), patternContexts.length)(input, path, problems)
  if (named?.length === 0)
    return void problems.push({ path, message: `must name one of ${patternContexts.join(', ')}` })
  return named && patternContexts.filter((context) => named.includes(context))
}

const common = {
  have: optional(flag, true),
  contexts: optional<readonly PatternContext[]>(contexts, patternContexts),
  atLeast: optional(integer(1, maxAtLeast), 1),
}
const ignoreCase = optional(flag, false)
const kind = <K extends SensorPattern['kind']>(name: K) => optional<K>(oneOf([name]), name)
const notEmpty = (max: number) =>
  text((value) => (value === '' ? { wrong: 'is empty: it would be found everywhere' } : { value }), max)

type Kinds = { readonly [K in SensorPattern['kind']]: Reader<Extract<SensorPattern, { kind: K }>> }
type Of<K extends SensorPattern['kind']> = Extract<SensorPattern, { kind: K }>

const patterns: Kinds = {
  regex: struct<Of<'regex'>>({
    ...common,
    kind: kind('regex'),
    regex: required(notEmpty(maxPatternLength)),
    ignoreCase,
  }),
  detector: struct<Of<'detector'>>({ ...common, kind: kind('detector'), detector: required(sensorName) }),
  words: struct<Of<'words'>>({
    ...common,
    kind: kind('words'),
    words: required(list(notEmpty(maxWordLength), maxWords)),
    ignoreCase,
    wholeWords: optional(flag, true),
  }),
  exact: struct<Of<'exact'>>({
    ...common,
    kind: kind('exact'),
    salt: required(notEmpty(maxWordLength)),
    hashes: required(list(notEmpty(maxWordLength), maxHashes)),
    lengths: required(list(integer(1, maxWordLength), maxWordLength)),
  }),
}

const kindFields: Readonly<Record<SensorPattern['kind'], string>> = {
  regex: 'regex',
  detector: 'detector',
  words: 'words',
  exact: 'hashes',
}
const kindNames = Object.keys(kindFields) as readonly SensorPattern['kind'][]

const patternOf =
  (allowed: readonly SensorPattern['kind'][]): Reader<SensorPattern> =>
  (input, path, problems) => {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      return void problems.push({ path, message: 'must be an object' })
    }
    const named = kindNames.filter((name) => kindFields[name] in input)
    const only = named[0]
    if (only !== undefined && named.length === 1 && allowed.includes(only)) return patterns[only](input, path, problems)
    return void problems.push({ path, message: `must have one of ${allowed.map((k) => kindFields[k]).join(', ')}` })
  }

const readPatterns =
  (allowed: readonly SensorPattern['kind'][]): Reader<readonly SensorPattern[]> =>
  (input, path, problems) => {
    const all = list(patternOf(allowed), maxSensorPatterns)(input, path, problems)
    if (all === undefined) return undefined
    if (all.some(({ have }) => have)) return all
    return void problems.push({ path, message: 'at least one pattern must be had: without, every message matches' })
  }

const readSensorRules = (allowed: readonly SensorPattern['kind'][]): Reader<readonly SensorRule[]> =>
  uniqueBy(
    list(struct<SensorRule>({ name: required(sensorName), patterns: required(readPatterns(allowed)) }), maxSensorRules),
    ({ name }) => name,
    'name',
  )

/** Each key once. */
function uniqueBy<T>(read: Reader<readonly T[]>, key: (item: T) => string, field: string): Reader<readonly T[]> {
  return (input, path, problems) => {
    const items = read(input, path, problems)
    if (items === undefined) return undefined
    const first = new Map<string, number>()
    const wrong = items.flatMap((item, i): readonly Problem[] => {
      const earlier = first.get(key(item))
      first.set(key(item), earlier ?? i)
      const message = `\`${key(item)}\` is ${path}[${earlier}], too`
      return earlier === undefined ? [] : [{ path: `${path}[${i}].${field}`, message }]
    })
    problems.push(...wrong)
    return wrong.length > 0 ? undefined : items
  }
}

const ruleId = text((value) =>
  /^\d{1,9}(-\d{1,9})?$/.test(value) ? { value } : { wrong: 'must be a rule id, or a range of them: 942100-942199' },
)
/** YAML writes ids as numbers. */
const ids: Reader<readonly string[]> = (input, path, problems) =>
  list(ruleId, maxExclusions)(
    Array.isArray(input) ? input.map((id) => (typeof id === 'number' ? String(id) : id)) : input,
    path,
    problems,
  )
const tag = text((value) => (/^[\w./:@-]+$/.test(value) ? { value } : { wrong: `\`${value}\` is no tag` }))
const target = text((value) =>
  /^[A-Z_]+(:[^\s"',|]+)?$/.test(value) ? { value } : { wrong: `\`${value}\` is no target such as ARGS:password` },
)

type ExclusionFields = { targets?: readonly string[]; ids?: readonly string[]; tags?: readonly string[] }
const exclusionFields = struct<ExclusionFields>({
  targets: { read: list(target, maxExclusions), absent: 'omit' },
  ids: { read: ids, absent: 'omit' },
  tags: { read: list(tag, maxExclusions), absent: 'omit' },
})
const readExclusion: Reader<CrsExclusion> = (input, path, problems) => {
  const fields = exclusionFields(input, path, problems)
  if (fields === undefined) return undefined
  if ((fields.ids === undefined) === (fields.tags === undefined)) {
    return void problems.push({ path, message: 'must have ids or tags, and not both' })
  }
  return fields as CrsExclusion
}

const readParanoia: Reader<CrsSettings['paranoia']> = (input, path, problems) =>
  integer(1, 4)(input, path, problems) as CrsSettings['paranoia'] | undefined

const readCrs = struct<CrsSettings>({
  ruleSet: optional<CrsSettings['ruleSet']>(oneOf(['crs', 'base']), 'crs'),
  paranoia: optional<CrsSettings['paranoia']>(readParanoia, 1),
  inboundThreshold: optional(integer(1, maxThreshold), 5),
  outboundThreshold: optional(integer(1, maxThreshold), 4),
  exclusions: optional<CrsSettings['exclusions']>(list(readExclusion, maxExclusions), []),
  responses: optional(flag, false),
})

const wafFields = struct<WafSensor>({
  name: required(sensorName),
  comment,
  rules: optional<WafSensor['rules']>(readSensorRules(['regex', 'words']), []),
  crs: optional<WafSensor['crs']>(readCrs, null),
  body: bodyOf(defaultWafBody),
})
const dlpFields = struct<DlpSensor>({
  name: required(sensorName),
  comment,
  rules: required(readSensorRules(kindNames)),
  mask: optional(flag, false),
  body: bodyOf(defaultDlpBody),
})

/** A sensor that looks for nothing is a mistake. */
function lookingFor<T extends { readonly rules: readonly SensorRule[] }>(
  read: Reader<T>,
  hasMore: (sensor: T) => boolean,
): Reader<T> {
  return (input, path, problems) => {
    const sensor = read(input, path, problems)
    if (sensor === undefined || sensor.rules.length > 0 || hasMore(sensor)) return sensor
    return void problems.push({ path: at(path, 'rules'), message: 'is empty: the sensor would look for nothing' })
  }
}

const readWafSensor = lookingFor(wafFields, ({ crs }) => crs !== null)
const readDlpSensor = lookingFor(dlpFields, () => false)

/** Predefined sensors are read-only: nobody may take their names. */
function own<T extends { readonly name: string }>(read: Reader<T>, predefined: readonly T[]): Reader<T> {
  return (input, path, problems) => {
    const sensor = read(input, path, problems)
    if (sensor === undefined || !predefined.some(({ name }) => name === sensor.name)) return sensor
    const message = `\`${sensor.name}\` is a predefined sensor: copy it under another name`
    return void problems.push({ path: at(path, 'name'), message })
  }
}

const byName = (sensor: { readonly name: string }): string => sensor.name

export const readWafSensors: Reader<readonly WafSensor[]> = uniqueBy(
  list(own(readWafSensor, predefinedWafSensors), maxSensors),
  byName,
  'name',
)
export const readDlpSensors: Reader<readonly DlpSensor[]> = uniqueBy(
  list(own(readDlpSensor, predefinedDlpSensors), maxSensors),
  byName,
  'name',
)

export function parseWafSensor(input: unknown, path = ''): Parsed<WafSensor> {
  return parseWith(own(readWafSensor, predefinedWafSensors), input, path)
}

export function parseDlpSensor(input: unknown, path = ''): Parsed<DlpSensor> {
  return parseWith(own(readDlpSensor, predefinedDlpSensors), input, path)
}

const bindings = optional<readonly SensorBinding[]>(
  uniqueBy(
    list(
      struct<SensorBinding>({ sensor: required(sensorName), action: optional(oneOf(sensorActions), 'allow') }),
      maxBindings,
    ),
    ({ sensor }) => sensor,
    'sensor',
  ),
  [],
)
const onFailure = optional<Inspection['onFailure']>(oneOf(['failClosed', 'failOpen']), 'failClosed')

const readInspection = struct<Inspection>({ group: required(groupName), waf: bindings, dlp: bindings, onFailure })

export const readInspections: Reader<readonly Inspection[]> = uniqueBy(
  list(readInspection, maxInspections),
  ({ group }) => group,
  'group',
)

export function parseInspection(input: unknown, path = ''): Parsed<Inspection> {
  return parseWith(readInspection, input, path)
}

type Sensors = Pick<Policy, 'groups' | 'wafSensors' | 'dlpSensors' | 'inspections'>

/** What is wrong with bindings: sensors that are not there, groups that have no members of their own. */
export function inspectionProblems(policy: Sensors, path = 'inspections'): readonly Problem[] {
  const known = {
    waf: [...predefinedWafSensors, ...policy.wafSensors].map(byName),
    dlp: [...predefinedDlpSensors, ...policy.dlpSensors].map(byName),
  }
  const custom = policy.groups.filter((group) => group.kind === 'custom').map(byName)
  return policy.inspections.flatMap((inspection, i) => [
    ...groupProblems(inspection.group, custom, `${path}[${i}].group`),
    ...(['waf', 'dlp'] as const).flatMap((side) =>
      inspection[side].flatMap(({ sensor }, j) =>
        known[side].includes(sensor)
          ? []
          : [
              {
                path: `${path}[${i}].${side}[${j}].sensor`,
                message: `\`${sensor}\` is no ${side.toUpperCase()} sensor${didYouMean(sensor, known[side])}`,
              },
            ],
      ),
    ),
  ])
}

/** `containers` is every managed workload; the other reserved groups, and address groups, have no sidecars. */
function groupProblems(group: string, custom: readonly string[], path: string): readonly Problem[] {
  if (group.startsWith(learnedPrefix) || group === 'containers' || custom.includes(group)) return []
  const message = `\`${group}\` is no group of workloads${didYouMean(group, [...custom, 'containers'])}`
  return [{ path, message }]
}

const profileBindings = required(
  list(
    struct<SensorBinding>({ sensor: required(sensorName), action: required(oneOf(sensorActions)) }),
    2 * maxBindings,
  ),
)
const readSet = struct<InspectionSet>({
  wafSensors: required(list(readWafSensor, 2 * maxSensors)),
  dlpSensors: required(list(readDlpSensor, 2 * maxSensors)),
  profiles: required(
    list(
      struct<InspectionProfile>({
        id: required(anyText(64)),
        enforce: required(flag),
        waf: profileBindings,
        dlp: profileBindings,
        onFailure: required(oneOf(['failClosed', 'failOpen'])),
      }),
      maxProfiles,
    ),
  ),
})

/** What the control plane serves its classifiers; predefined sensors are in it like others. */
export function parseInspectionSet(input: unknown): Parsed<InspectionSet> {
  return parseWith(readSet, input)
}
