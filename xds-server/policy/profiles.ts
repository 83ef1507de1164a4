/**
 * What is inspected for a flow: the sensors of all groups concerned, put together. The rules, wherever it is decided:
 * WAF sensors of the groups that the destination is in, and, for what leaves the cluster, of those that the source is
 * in; DLP sensors of the groups that exactly one end is in. The stricter action and the stricter `onFailure` win.
 */
import type { Endpoint, Policy } from './model.ts'
import type {
  DlpSensor,
  Inspection,
  InspectionProfile,
  InspectionSet,
  SensorAction,
  SensorBinding,
  WafSensor,
} from './sensor.ts'
import { predefinedDlpSensors, predefinedWafSensors } from './sensor.ts'
import { sha256 } from './sha256.ts'

/** The part of the policy that says what is inspected. */
export type InspectionPolicy = Pick<Policy, 'wafSensors' | 'dlpSensors' | 'inspections'>

/** A profile without its name and without what the mode makes of it. No bindings: nothing is inspected. */
export type Bindings = Pick<InspectionProfile, 'waf' | 'dlp' | 'onFailure'>

/** All sensors by name, the predefined ones included. */
export type Sensors = {
  readonly waf: ReadonlyMap<string, WafSensor>
  readonly dlp: ReadonlyMap<string, DlpSensor>
}

const byName = <S extends WafSensor | DlpSensor>(...all: readonly (readonly S[])[]): ReadonlyMap<string, S> =>
  new Map(all.flat().map((sensor) => [sensor.name, sensor]))

/** Predefined names are reserved: should a store hold one all the same, the predefined sensor counts. */
export function sensorsOf({ wafSensors, dlpSensors }: Pick<InspectionPolicy, 'wafSensors' | 'dlpSensors'>): Sensors {
  return { waf: byName(wafSensors, predefinedWafSensors), dlp: byName(dlpSensors, predefinedDlpSensors) }
}

type ByGroup = ReadonlyMap<string, Inspection>
const indexed = new WeakMap<Policy['inspections'], ByGroup>()

function byGroup(inspections: Policy['inspections']): ByGroup {
  const known = indexed.get(inspections) ?? new Map(inspections.map((one) => [one.group, one]))
  indexed.set(inspections, known)
  return known
}

/** What one group adds. */
type Share = Pick<Inspection, 'waf' | 'dlp' | 'onFailure'>

const none: readonly SensorBinding[] = []

function shares(inspections: Policy['inspections'], source: Groups, destination: Groups): readonly Share[] {
  const groups = byGroup(inspections)
  if (groups.size === 0) return []
  return [...new Set([...source.groups, ...destination.groups])].flatMap((name) => {
    const inspection = groups.get(name)
    if (inspection === undefined) return []
    const [from, to] = [source.groups.includes(name), destination.groups.includes(name)]
    const leaves = from && destination.kind === 'external'
    const { waf, dlp, onFailure } = inspection
    const share = { waf: to || leaves ? waf : none, dlp: from === to ? none : dlp, onFailure }
    return share.waf.length + share.dlp.length > 0 ? [share] : []
  })
}

function stricter(all: readonly SensorBinding[]): readonly SensorBinding[] {
  const actions = new Map<string, SensorAction>()
  for (const { sensor, action } of all) if (actions.get(sensor) !== 'deny') actions.set(sensor, action)
  const sorted = [...actions].sort(([a], [b]) => (a < b ? -1 : 1))
  return sorted.map(([sensor, action]) => ({ sensor, action }))
}

/** The part of an end that counts. */
export type Groups = Pick<Endpoint, 'kind' | 'groups'>

/** Sorted by sensor. */
export function bindingsFor(
  { inspections }: Pick<InspectionPolicy, 'inspections'>,
  source: Groups,
  destination: Groups,
): Bindings {
  const all = shares(inspections, source, destination)
  return {
    waf: stricter(all.flatMap(({ waf }) => waf)),
    dlp: stricter(all.flatMap(({ dlp }) => dlp)),
    onFailure: all.some(({ onFailure }) => onFailure === 'failClosed') ? 'failClosed' : 'failOpen',
  }
}

/** Hexadecimal digits of a profile's id: 128 bits, because tokens are made of it. */
const idLength = 32

const contents = new WeakMap<WafSensor | DlpSensor, string>()

/** A hash of what a sensor looks for, without what people say of it. */
export function contentOf(sensor: WafSensor | DlpSensor): string {
  const { comment: _, ...meaning } = sensor
  const content = contents.get(sensor) ?? sha256(JSON.stringify(meaning))
  contents.set(sensor, content)
  return content
}

const isDeny = ({ action }: SensorBinding): boolean => action === 'deny'

/**
 * The profile, or undefined where nothing is inspected. Bindings to sensors that are not there are left out. Only where
 * something would be denied does it enforce, and does it matter what holds while nobody can be asked.
 * @param enforced the flow's effective mode is Protect
 */
export function profileOf(bindings: Bindings, enforced: boolean, sensors: Sensors): InspectionProfile | undefined {
  const waf = bindings.waf.filter(({ sensor }) => sensors.waf.has(sensor))
  const dlp = bindings.dlp.filter(({ sensor }) => sensors.dlp.has(sensor))
  if (waf.length + dlp.length === 0) return undefined
  const enforce = enforced && [...waf, ...dlp].some(isDeny)
  const profile = { enforce, waf, dlp, onFailure: enforce ? bindings.onFailure : 'failOpen' } as const
  const named = (kind: keyof Sensors, all: readonly SensorBinding[]) =>
    all.map(({ sensor, action }) => [sensor, action, contentOf(sensors[kind].get(sensor)!)])
  const meaning = [enforce, named('waf', waf), named('dlp', dlp), profile.onFailure]
  return { id: sha256(JSON.stringify(meaning)).slice(0, idLength), ...profile }
}

/** Looks at nothing: what the control plane asks the classifier by, to see whether it answers. */
export const probeProfile: InspectionProfile = {
  id: 'probe',
  enforce: false,
  waf: [],
  dlp: [],
  onFailure: 'failOpen',
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1)

function named<S extends WafSensor | DlpSensor>(
  all: ReadonlyMap<string, S>,
  lists: readonly (readonly SensorBinding[])[],
) {
  const wanted = [...new Set(lists.flat().map(({ sensor }) => sensor))].sort(byText)
  return wanted.flatMap((name) => all.get(name) ?? [])
}

/** What the classifier needs for these profiles: each once, `probe` among them, with the sensors that they name. */
export function inspectionSetOf(profiles: readonly InspectionProfile[], sensors: Sensors): InspectionSet {
  const distinct = new Map([probeProfile, ...profiles].map((profile) => [profile.id, profile]))
  const all = [...distinct.values()].sort((a, b) => byText(a.id, b.id))
  const wafSensors = named(
    sensors.waf,
    all.map(({ waf }) => waf),
  )
  const dlpSensors = named(
    sensors.dlp,
    all.map(({ dlp }) => dlp),
  )
  return { wafSensors, dlpSensors, profiles: all }
}
