/** Sensors and bindings. A sensor that a group has can not go, and nobody can bind what is not there. */
import type { Inspection } from '../../policy/sensor.ts'
import { requireCompiling } from '../check-sensors.ts'
import type { sensorAndInspectionRoutes } from '../contract/sensors.ts'
import type { Call, HandlersOf } from '../handler.ts'
import { invalid, notFound } from '../problem.ts'
import { requireFitting, requireSensorsOf } from '../references.ts'
import { save } from '../save.ts'
import {
  byName,
  ownSensors,
  type Sensor,
  type SensorDocument,
  type SensorKind,
  type SensorView,
  sensorKinds,
  sensorViews,
} from '../sensors.ts'

type Saving = Pick<Call<never>, 'backend' | 'base' | 'author'>
type Backend = Saving['backend']
type Page = { readonly limit: number; readonly offset: number }

export const sensorAndInspectionHandlers: HandlersOf<typeof sensorAndInspectionRoutes> = {
  listWafSensors: ({ query, backend }) => listed('wafSensors', backend, query),
  readWafSensor: ({ params, backend }) => viewOf('wafSensors', backend, params.name),
  putWafSensor: (call) => put('wafSensors', call, call.params.name, call.body.sensor),
  deleteWafSensor: (call) => remove('wafSensors', call, call.params.name),
  listDlpSensors: ({ query, backend }) => listed('dlpSensors', backend, query),
  readDlpSensor: ({ params, backend }) => viewOf('dlpSensors', backend, params.name),
  putDlpSensor: (call) => put('dlpSensors', call, call.params.name, call.body.sensor),
  deleteDlpSensor: (call) => remove('dlpSensors', call, call.params.name),

  listInspections: ({ query, backend }) => {
    const { revision, value } = backend.store.read('inspections')
    return { revision, total: value.length, inspections: paged(value, query) }
  },
  putInspection: (call) => {
    const { name } = call.params
    const { inspection } = call.body
    if (inspection.group !== name) throw invalid('inspection.group', elsewhere(inspection.group, name))
    const change = (all: readonly Inspection[]) => {
      requireSensorsOf(call.backend.store, inspection, 'inspection')
      return [...all.filter((i) => i.group !== name), inspection].sort((a, b) => (a.group < b.group ? -1 : 1))
    }
    save({ ...call, document: 'inspections', summary: `sensors of ${name}`, change })
    return { inspection }
  },
  deleteInspection: (call) => {
    const { name } = call.params
    const change = (all: readonly Inspection[]) => {
      return without(all, (i) => i.group === name, `inspection of ${name}`)
    }
    save({ ...call, document: 'inspections', summary: `no sensors of ${name}`, change })
    return { group: name }
  },
}

const elsewhere = (said: string, name: string): string => `is ${said}, and the address says ${name}`
const paged = <T>(all: readonly T[], { offset, limit }: Page): readonly T[] => all.slice(offset, offset + limit)

function listed<K extends SensorKind>(kind: K, { store }: Backend, query: Page) {
  const all = sensorViews(kind, store)
  return { revision: store.read(kind).revision, total: all.length, sensors: paged(all, query) }
}

function viewOf<K extends SensorKind>(kind: K, { store }: Backend, name: string): SensorView<K> {
  const found = sensorViews(kind, store).find(({ sensor }) => sensor.name === name)
  if (found === undefined) throw notFound(`${sensorKinds[kind].noun} ${name}`)
  return found
}

function put<K extends SensorKind>(kind: K, call: Saving, name: string, sensor: Sensor<K>) {
  if (sensor.name !== name) throw invalid('sensor.name', elsewhere(sensor.name, name))
  const { noun, toDocument } = sensorKinds[kind]
  saveSensors(kind, call, `${noun} ${name}`, (all) => {
    requireCompiling(call.backend, sensor, 'sensor')
    return [...all.filter((s) => s.name !== name), sensor].sort(byName)
  })
  return { sensor: toDocument(sensor as never) as SensorDocument<K> }
}

function remove(kind: SensorKind, call: Saving, name: string) {
  const { noun, predefined } = sensorKinds[kind]
  if (predefined.some((sensor) => sensor.name === name)) throw invalid('params.name', `${name} is predefined: it stays`)
  saveSensors(kind, call, `without ${noun} ${name}`, (all) => {
    const kept = without(all, (s) => s.name === name, `${noun} ${name}`)
    requireFitting(call.backend.store, { [kind]: kept })
    return kept
  })
  return { name }
}

/** Kept by name, so that equal sensors are equal documents. */
function saveSensors<K extends SensorKind>(
  kind: K,
  call: Saving,
  summary: string,
  change: (all: readonly Sensor<K>[]) => readonly Sensor<K>[],
): void {
  save({ ...call, document: kind, summary, change: () => change(ownSensors(kind, call.backend.store)) as never })
}

function without<T>(all: readonly T[], isIt: (one: T) => boolean, noun: string): readonly T[] {
  const rest = all.filter((one) => !isIt(one))
  if (rest.length === all.length) throw notFound(noun)
  return rest
}
