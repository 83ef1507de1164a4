/**
 * NeuVector's resources as our sensors and bindings: NvWafSecurityRule, NvDlpSecurityRule, and what NvSecurityRule and
 * NvClusterSecurityRule bind to their groups (shapes: neuvector/neuvector, controller/resource). Promises: every problem
 * with its place in the file, and a note for everything that comes to mean something else here or is left out. Never
 * judges a pattern: the API does.
 */
import type { Parsed, Problem } from '../../xds-server/policy/model.ts'
import type { Reader } from '../../xds-server/policy/parse.ts'
import { readGroup } from './bindings.ts'
import { type Resource, resourcesOf } from './documents.ts'
import { packetRules, readSensor, sensorDocument } from './sensors.ts'
import { type NeuVectorPolicy, type Said, type Side, sides, together } from './together.ts'

type Hearing = { readonly problems: Problem[]; readonly notes: string[] }
type Translate = (resource: Resource, hearing: Hearing) => readonly Said[]

const kinds: Readonly<Record<string, Translate>> = {
  NvWafSecurityRule: (resource, hearing) => sensorOf('waf', resource, hearing),
  NvDlpSecurityRule: (resource, hearing) => sensorOf('dlp', resource, hearing),
  NvSecurityRule: groupOf,
  NvClusterSecurityRule: groupOf,
}

/** Throws `InputProblems` for what is no YAML. */
export function readNeuVector(text: string): Parsed<NeuVectorPolicy> {
  const hearing: Hearing = { problems: [], notes: [] }
  const said = resourcesOf(text).flatMap((resource) => (kinds[resource.kind] ?? unknownKind)(resource, hearing))
  if (said.length === 0 && hearing.problems.length === 0) {
    const message = `there is none of ${Object.keys(kinds).join(', ')} in it`
    hearing.problems.push({ path: '', message })
  }
  if (hearing.problems.length > 0) return { ok: false, problems: hearing.problems }
  return { ok: true, value: together(said, hearing.notes) }
}

function unknownKind({ kind, path }: Resource, { notes }: Hearing): readonly Said[] {
  notes.push(`${path}: ${kind || 'what has no kind'} is not imported`)
  return []
}

/** Undefined where there were problems. */
function reading<T>(read: Reader<T>, { content, path }: Resource, { problems }: Hearing): T | undefined {
  const before = problems.length
  const value = read(content, path, problems)
  return problems.length > before ? undefined : value
}

function sensorOf(side: Side, resource: Resource, hearing: Hearing): readonly Said[] {
  const read = reading(readSensor, resource, hearing)
  if (read === undefined) return []
  const { sensor } = read.spec
  const whole = packetRules(sensor)
  if (whole.length > 0)
    hearing.notes.push(`${sensor.name}: packet is URL, headers and body of HTTP here (${whole.join(', ')})`)
  return [{ kind: 'sensor', side, sensor: sensorDocument(sensor), path: `${resource.path}.spec.sensor` }]
}

function groupOf(resource: Resource, hearing: Hearing): readonly Said[] {
  const read = reading(readGroup, resource, hearing)
  if (read === undefined) return []
  const { target, ingress, egress } = read.spec
  const { name } = target.selector
  if (ingress.length + egress.length > 0) hearing.notes.push(`${name}: network rules are not imported, only sensors`)
  const bound = sides.flatMap((side) => {
    const said = read.spec[side]
    if (said === undefined) return []
    if (!said.status) hearing.notes.push(`${name}: ${side} is switched off there: nothing is bound`)
    const settings = said.status ? said.settings : []
    const path = (i: number) => `${resource.path}.spec.${side}.settings[${i}].name`
    return [
      [side, settings.map((setting, i) => ({ sensor: setting.name, action: setting.action, path: path(i) }))] as const,
    ]
  })
  if (bound.length === 0) return []
  const path = `${resource.path}.spec.target.selector.name`
  return [{ kind: 'group', group: { name, path, ...Object.fromEntries(bound) } }]
}
