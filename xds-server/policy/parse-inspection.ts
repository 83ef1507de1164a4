/** Which sensors a group has, as people write it, and what is wrong with it that only the whole policy shows. */
import { learnedPrefix } from './group.ts'
import type { Parsed, Policy, Problem } from './model.ts'
import type { Reader } from './parse.ts'
import { didYouMean, list, oneOf, optional, parseWith, required, struct, uniqueBy } from './parse.ts'
import { groupName } from './parse-group.ts'
import { sensorName } from './parse-sensor-rule.ts'
import type { Inspection, SensorBinding } from './sensor.ts'
import { predefinedDlpSensors, predefinedWafSensors, sensorActions } from './sensor.ts'

/** Sensors of a kind that one group has; groups with sensors. */
const maxBindings = 50
const maxInspections = 5_000

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
const sides = ['waf', 'dlp'] as const

/** What is wrong with bindings: sensors that are not there, groups that have no members of their own. */
export function inspectionProblems(policy: Sensors, path = 'inspections'): readonly Problem[] {
  const known = {
    waf: namesOf([...predefinedWafSensors, ...policy.wafSensors]),
    dlp: namesOf([...predefinedDlpSensors, ...policy.dlpSensors]),
  }
  const groups = namesOf(policy.groups.filter(({ kind }) => kind === 'custom')).add(everyWorkload)
  return policy.inspections.flatMap((inspection, i) => [
    ...groupProblems(inspection.group, groups, `${path}[${i}].group`),
    ...sides.flatMap((side) => bindingProblems(inspection[side], side, known[side], `${path}[${i}].${side}`)),
  ])
}

const namesOf = (named: readonly { readonly name: string }[]): Set<string> => new Set(named.map(({ name }) => name))

/** The one reserved group of workloads with sidecars. */
const everyWorkload = 'containers'

function groupProblems(group: string, groups: ReadonlySet<string>, path: string): readonly Problem[] {
  if (group.startsWith(learnedPrefix) || groups.has(group)) return []
  return [{ path, message: `\`${group}\` is no group of workloads${didYouMean(group, [...groups])}` }]
}

function bindingProblems(
  bindings: readonly SensorBinding[],
  side: (typeof sides)[number],
  known: ReadonlySet<string>,
  path: string,
): readonly Problem[] {
  return bindings.flatMap(({ sensor }, i) => {
    if (known.has(sensor)) return []
    const message = `\`${sensor}\` is no ${side.toUpperCase()} sensor${didYouMean(sensor, [...known])}`
    return [{ path: `${path}[${i}].sensor`, message }]
  })
}
