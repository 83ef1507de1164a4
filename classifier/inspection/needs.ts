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

const hashes = new WeakMap<object, string>()

/** Equal sensors have equal hashes; exact data makes them megabytes long. */
export function hashOf(sensor: object): string {
  const known = hashes.get(sensor)
  if (known !== undefined) return known
  const made = createHash('sha256').update(JSON.stringify(sensor)).digest('base64')
  hashes.set(sensor, made)
  return made
}
