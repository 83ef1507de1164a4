/** What the resources of a file say, put together: one entry for each sensor and each group. */
import type { SensorBinding } from '../../xds-server/policy/sensor.ts'
import { predefinedFor, stricter } from './bindings.ts'
import type { Places } from './places.ts'
import type { SensorDocument } from './sensors.ts'

export type Side = 'waf' | 'dlp'
export const sides: readonly Side[] = ['waf', 'dlp']
/** A side that is undefined is not spoken of. */
type GroupBindings = { readonly group: string } & { readonly [S in Side]?: readonly SensorBinding[] }

export type NeuVectorPolicy = {
  readonly wafSensors: readonly SensorDocument[]
  readonly dlpSensors: readonly SensorDocument[]
  readonly inspections: readonly GroupBindings[]
  readonly places: Places
  /** For people. */
  readonly notes: readonly string[]
}

type Bound = SensorBinding & { readonly path: string }
type Group = { readonly name: string; readonly path: string } & { readonly [S in Side]?: readonly Bound[] }

/** What one resource says. */
export type Said =
  | { readonly kind: 'sensor'; readonly side: Side; readonly sensor: SensorDocument; readonly path: string }
  | { readonly kind: 'group'; readonly group: Group }

/** Lists by kind, and where in the file each of their entries was. */
export function together(said: readonly Said[], notes: string[]): NeuVectorPolicy {
  const places = new Map<string, string>()
  const sensorsOf = (side: Side) => {
    const all = said.flatMap((one) => (one.kind === 'sensor' && one.side === side ? [one] : []))
    for (const [i, { path }] of all.entries()) places.set(`${side}Sensors[${i}]`, path)
    return all.map(({ sensor }) => sensor)
  }
  const sensors = { wafSensors: sensorsOf('waf'), dlpSensors: sensorsOf('dlp') }
  const groups = Map.groupBy(
    said.flatMap((one) => (one.kind === 'group' ? [one.group] : [])),
    ({ name }) => name,
  )
  const inspections = [...groups.values()].map((same, i) => {
    places.set(`inspections[${i}].group`, same[0]!.path)
    const bound = sides.flatMap((side) => {
      if (same.every((group) => group[side] === undefined)) return []
      const all = same.flatMap((group) => group[side] ?? [])
      const ours = stricter(ourNames(all, side, namesOf(sensors[`${side}Sensors`]), notes))
      for (const [j, { path }] of ours.entries()) places.set(`inspections[${i}].${side}[${j}].sensor`, path)
      return [[side, ours.map(({ sensor, action }) => ({ sensor, action }))] as const]
    })
    return { group: same[0]!.name, ...Object.fromEntries(bound) }
  })
  return { ...sensors, inspections, places, notes: [...new Set(notes)] }
}

const namesOf = (sensors: readonly SensorDocument[]): ReadonlySet<string> => new Set(sensors.map(({ name }) => name))

/** NeuVector's predefined sensors are never in a file: ours stand in for them. */
function ourNames(
  bindings: readonly Bound[],
  side: Side,
  inFile: ReadonlySet<string>,
  notes: string[],
): readonly Bound[] {
  return bindings.map((binding) => {
    const stand = inFile.has(binding.sensor) ? undefined : predefinedFor(side, binding.sensor)
    if (stand === undefined) return binding
    notes.push(`${binding.sensor} is NeuVector's own: our ${stand} stands in for it`)
    return { ...binding, sensor: stand }
  })
}
