/** What changed between two versions of a document, its entries and fields as YAML has them. Pure. */
import type { PortRange, Rule } from '../policy/model.ts'
import { formatPorts } from '../policy/ports.ts'
import type { DlpSensor, SensorRule, WafSensor } from '../policy/sensor.ts'
import { dlpSensorToDocument, sensorRuleToDocument, wafSensorToDocument } from '../policy/sensor-document.ts'
import { diffDocument, type Change as StoreChange } from '../store/diff.ts'
import type { DocumentName, Documents } from '../store/model.ts'
import type { Change } from './contract/problem.ts'
import { savedRule } from './saved-rule.ts'

/** How people write a document's entries, and those of their fields that the model has otherwise. */
type Form = {
  readonly entry: (value: never) => unknown
  readonly fields: Readonly<Record<string, (value: never) => unknown>>
}
const asItIs: Form = { entry: (value) => value, fields: {} }
const sensorFields = { rules: (rules: readonly SensorRule[]) => rules.map(sensorRuleToDocument) }

const forms: Readonly<Record<DocumentName, Form>> = {
  groups: asItIs,
  rules: { entry: (rule: Rule) => savedRule(rule), fields: { ports: (ports: PortRange[]) => formatPorts(ports) } },
  settings: asItIs,
  ignored: asItIs,
  wafSensors: { entry: (sensor: WafSensor) => wafSensorToDocument(sensor), fields: sensorFields },
  dlpSensors: { entry: (sensor: DlpSensor) => dlpSensorToDocument(sensor), fields: sensorFields },
  inspections: asItIs,
}

export function changesBetween<K extends DocumentName>(
  document: K,
  before: Documents[K],
  after: Documents[K],
): readonly Change[] {
  return diffDocument(document, before, after).map((change) => written(change, forms[document]))
}

/** A whole document as YAML has it. */
export function writtenAs<K extends DocumentName>(document: K, value: Documents[K]): unknown {
  return Array.isArray(value) ? value.map((entry) => forms[document].entry(entry as never)) : value
}

function written(change: StoreChange, { entry, fields }: Form): Change {
  switch (change.kind) {
    case 'added':
      return { ...change, after: entry(change.after as never) }
    case 'removed':
      return { ...change, before: entry(change.before as never) }
    case 'changed':
      return { ...change, fields: change.fields.map((f) => fieldWritten(f, fields[f.field])) }
    case 'moved':
      return change
  }
}

type Field = { readonly field: string; readonly before: unknown; readonly after: unknown }

function fieldWritten({ field, before, after }: Field, form: ((value: never) => unknown) | undefined): Field {
  return form === undefined
    ? { field, before, after }
    : { field, before: form(before as never), after: form(after as never) }
}
