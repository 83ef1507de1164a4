/** What a set needs compiled: whoever has all of it takes new profiles in no time. */
import { createHash } from 'node:crypto'
import { sensorsOf } from '../../xds-server/policy/profiles.ts'
import type { InspectionSet } from '../../xds-server/policy/sensor.ts'

/** Hashes of the sensors that profiles name. */
export function needsOf(set: InspectionSet): ReadonlySet<string> {
  const { waf, dlp } = sensorsOf(set)
  const named = (bindings: 'waf' | 'dlp') =>
    new Set(set.profiles.flatMap((p) => p[bindings].map(({ sensor }) => sensor)))
  const sensors = [...[...named('waf')].map((name) => waf.get(name)), ...[...named('dlp')].map((name) => dlp.get(name))]
  return new Set(sensors.flatMap((sensor) => (sensor ? [hashOf(sensor)] : [])))
}

const hashOf = (sensor: object): string => createHash('sha256').update(JSON.stringify(sensor)).digest('base64')
