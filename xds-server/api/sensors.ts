/** Sensors as lists show them: the predefined ones first, each with the groups that have it. Pure. */
import type { Policy } from '../policy/model.ts'
import type { DlpSensor, Inspection, WafSensor } from '../policy/sensor.ts'
import { predefinedDlpSensors, predefinedWafSensors } from '../policy/sensor.ts'
import {
  type DlpSensorDocument,
  dlpSensorToDocument,
  type WafSensorDocument,
  wafSensorToDocument,
} from '../policy/sensor-document.ts'
import type { Documents, Store } from '../store/model.ts'

export type SensorKind = 'wafSensors' | 'dlpSensors'
type Sensors = { readonly wafSensors: WafSensor; readonly dlpSensors: DlpSensor }
type SensorDocuments = { readonly wafSensors: WafSensorDocument; readonly dlpSensors: DlpSensorDocument }

export type Sensor<K extends SensorKind> = Sensors[K]
export type SensorDocument<K extends SensorKind> = SensorDocuments[K]

/** What is different about the two kinds. */
type Kind<K extends SensorKind> = {
  readonly noun: string
  readonly side: keyof Pick<Inspection, 'waf' | 'dlp'>
  readonly predefined: readonly Sensor<K>[]
  readonly toDocument: (sensor: Sensor<K>) => SensorDocument<K>
}
export const sensorKinds: { readonly [K in SensorKind]: Kind<K> } = {
  wafSensors: { noun: 'WAF sensor', side: 'waf', predefined: predefinedWafSensors, toDocument: wafSensorToDocument },
  dlpSensors: { noun: 'DLP sensor', side: 'dlp', predefined: predefinedDlpSensors, toDocument: dlpSensorToDocument },
}

export type SensorView<K extends SensorKind> = {
  readonly predefined: boolean
  readonly groups: readonly string[]
  readonly sensor: SensorDocument<K>
}

export function sensorViews<K extends SensorKind>(kind: K, store: Store): readonly SensorView<K>[] {
  const { predefined, toDocument, side } = sensorKinds[kind] as Kind<K>
  const groups = groupsBySensor(store.read('inspections').value, side)
  const view = (isPredefined: boolean) => (sensor: Sensor<K>) => ({
    predefined: isPredefined,
    groups: groups.get(sensor.name) ?? [],
    sensor: toDocument(sensor),
  })
  return [...predefined.map(view(true)), ...ownSensors(kind, store).map(view(false))]
}

/** Sensors and bindings by name: what is the same is the same document. */
export function inOrder(policy: Policy): Policy {
  const { wafSensors, dlpSensors, inspections } = policy
  return {
    ...policy,
    wafSensors: [...wafSensors].sort(byName),
    dlpSensors: [...dlpSensors].sort(byName),
    inspections: [...inspections].sort((a, b) => byText(a.group, b.group)),
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
export const byName = (a: { readonly name: string }, b: { readonly name: string }): number => byText(a.name, b.name)

/** People's own. */
export const ownSensors = <K extends SensorKind>(kind: K, store: Store): readonly Sensor<K>[] =>
  store.read(kind).value as Documents[SensorKind] as readonly Sensor<K>[]

function groupsBySensor(
  inspections: readonly Inspection[],
  side: 'waf' | 'dlp',
): ReadonlyMap<string, readonly string[]> {
  const bound = inspections.flatMap(({ group, [side]: bindings }) => bindings.map(({ sensor }) => ({ sensor, group })))
  const bySensor = Map.groupBy(bound, ({ sensor }) => sensor)
  return new Map([...bySensor].map(([sensor, all]) => [sensor, all.map(({ group }) => group).sort()]))
}
