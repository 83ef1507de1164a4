/** Which sensors a group has, as people write it, and what is wrong with it that only the whole policy shows. */
import { learnedPrefix } from './group.ts'
import type { Parsed, Policy, Problem } from './model.ts'
import type { Reader } from './parse.ts'
import { guesses, list, oneOf, optional, parseWith, required, struct, uniqueBy } from './parse.ts'
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
    waf: namesIn([...predefinedWafSensors, ...policy.wafSensors]),
    dlp: namesIn([...predefinedDlpSensors, ...policy.dlpSensors]),
  }
  const groups = namesIn([...policy.groups.filter(({ kind }) => kind === 'custom'), { name: everyWorkload }])
  return policy.inspections.flatMap((inspection, i) => [
    ...groupProblems(inspection.group, groups, `${path}[${i}].group`),
    ...sides.flatMap((side) => bindingProblems(inspection[side], side, known[side], `${path}[${i}].${side}`)),
  ])
}

type Names = { readonly has: (name: string) => boolean; readonly guess: (wrote: string) => string }

function namesIn(named: readonly { readonly name: string }[]): Names {
  const names = new Set(named.map(({ name }) => name))
  return { has: (name) => names.has(name), guess: guesses([...names]) }
}

/** The one reserved group of workloads with sidecars. */
const everyWorkload = 'containers'

function groupProblems(group: string, groups: Names, path: string): readonly Problem[] {
  if (group.startsWith(learnedPrefix) || groups.has(group)) return []
  return [{ path, message: `\`${group}\` is no group of workloads${groups.guess(group)}` }]
}

function bindingProblems(
  bindings: readonly SensorBinding[],
  side: (typeof sides)[number],
  known: Names,
  path: string,
): readonly Problem[] {
  return bindings.flatMap(({ sensor }, i) => {
    if (known.has(sensor)) return []
    const message = `\`${sensor}\` is no ${side.toUpperCase()} sensor${known.guess(sensor)}`
    return [{ path: `${path}[${i}].sensor`, message }]
  })
}
