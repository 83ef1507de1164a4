/** Sensors whose patterns the classifier can not compile are refused when they are saved, not when traffic comes. */
import { isDeepStrictEqual } from 'node:util'
import type { Policy, Problem } from '../policy/model.ts'
import type { Backend } from './backend.ts'
import { refuse } from './references.ts'
import { type Sensor, type SensorKind, sensorKinds } from './sensors.ts'

type Checking = Pick<Backend, 'checkSensor' | 'store'>

/** Throws `invalid`; `path` is the sensor's place in the body. */
export function requireCompiling(backend: Checking, sensor: Sensor<SensorKind>, path: string): void {
  refuse(problemsOf(backend, sensor, path))
}

/** The same for those of a policy that are not stored as they are; each at its place in the policy. */
export function requireCompilingParts(backend: Checking, parts: Partial<Policy>): void {
  const kinds = Object.keys(sensorKinds) as readonly SensorKind[]
  refuse(
    kinds.flatMap((kind) => {
      const stored = new Map<string, unknown>(backend.store.read(kind).value.map((sensor) => [sensor.name, sensor]))
      return (parts[kind] ?? []).flatMap((sensor, i) =>
        isDeepStrictEqual(sensor, stored.get(sensor.name)) ? [] : problemsOf(backend, sensor, `${kind}[${i}]`),
      )
    }),
  )
}

function problemsOf({ checkSensor }: Checking, sensor: Sensor<SensorKind>, path: string): readonly Problem[] {
  return checkSensor(sensor).map((problem) => ({
    ...problem,
    path: problem.path === '' ? path : `${path}.${problem.path}`,
  }))
}
