/**
 * Sensors as people write them: rules of their own, whole rule sets with exclusions, what becomes of long bodies. Promises
 * that a sensor looks for something and that nobody takes a predefined one's name. Whether patterns compile, the
 * classifier says.
 */
import type { Parsed } from './model.ts'
import type { Reader } from './parse.ts'
import {
  anyText,
  at,
  flag,
  integer,
  list,
  oneOf,
  optional,
  parseWith,
  required,
  some,
  struct,
  text,
  uniqueBy,
} from './parse.ts'
import { kindNames, readSensorRules, sensorName } from './parse-sensor-rule.ts'
import type {
  BodyLimit,
  CrsExclusion,
  CrsSettings,
  DlpSensor,
  InspectionProfile,
  InspectionSet,
  SensorBinding,
  SensorRule,
  WafSensor,
} from './sensor.ts'
import {
  defaultCrs,
  defaultDlpBody,
  defaultWafBody,
  maxInspectBytes,
  predefinedDlpSensors,
  predefinedWafSensors,
  sensorActions,
} from './sensor.ts'

/** Sensors of one kind. */
const maxSensors = 500
const maxProfiles = 10_000
/** Exclusions of a rule set; ids, tags and targets of one. */
const maxExclusions = 1_000
/** Past such a score nothing is ever refused; CRS adds 5 for a critical rule. */
const maxThreshold = 10_000

const comment = optional(anyText(), '')

const bodyOf = (standard: BodyLimit) =>
  optional(
    struct<BodyLimit>({
      inspectBytes: optional(integer(1, maxInspectBytes), standard.inspectBytes),
      pastLimit: optional<BodyLimit['pastLimit']>(oneOf(['deny', 'pass']), standard.pastLimit),
    }),
    standard,
  )

const ruleId = text((value) => {
  const [, from, to = from] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(value) ?? []
  if (from === undefined) return { wrong: 'must be a rule id, or a range of them: 942100-942199' }
  return Number(from) > Number(to) ? { wrong: `\`${value}\` counts backwards` } : { value }
})
/** YAML writes ids as numbers. */
const ids: Reader<readonly string[]> = (input, path, problems) =>
  some(list(ruleId, maxExclusions))(
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
  targets: { read: some(list(target, maxExclusions)), absent: 'omit' },
  ids: { read: ids, absent: 'omit' },
  tags: { read: some(list(tag, maxExclusions)), absent: 'omit' },
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
  ruleSet: optional<CrsSettings['ruleSet']>(oneOf(['crs', 'base']), defaultCrs.ruleSet),
  paranoia: optional<CrsSettings['paranoia']>(readParanoia, defaultCrs.paranoia),
  inboundThreshold: optional(integer(1, maxThreshold), defaultCrs.inboundThreshold),
  outboundThreshold: optional(integer(1, maxThreshold), defaultCrs.outboundThreshold),
  exclusions: optional<CrsSettings['exclusions']>(list(readExclusion, maxExclusions), defaultCrs.exclusions),
  responses: optional(flag, defaultCrs.responses),
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

export const readWafSensors: Reader<readonly WafSensor[]> = uniqueBy(
  list(own(readWafSensor, predefinedWafSensors), maxSensors),
  ({ name }) => name,
  'name',
)
export const readDlpSensors: Reader<readonly DlpSensor[]> = uniqueBy(
  list(own(readDlpSensor, predefinedDlpSensors), maxSensors),
  ({ name }) => name,
  'name',
)

export function parseWafSensor(input: unknown, path = ''): Parsed<WafSensor> {
  return parseWith(own(readWafSensor, predefinedWafSensors), input, path)
}

export function parseDlpSensor(input: unknown, path = ''): Parsed<DlpSensor> {
  return parseWith(own(readDlpSensor, predefinedDlpSensors), input, path)
}

/** A profile puts together what several groups have: all sensors at most. */
const profileBindings = required(
  list(struct<SensorBinding>({ sensor: required(sensorName), action: required(oneOf(sensorActions)) }), 2 * maxSensors),
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
