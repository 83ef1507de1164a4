/**
 * What is compiled in one worker. Promises: equal sensors, rule sets and combinations of DLP sensors are compiled once,
 * whichever profiles and sets have them; a profile is in force from when all of it is compiled; what cannot be compiled is
 * told and takes nothing away. Profiles that no set names any more stay for a while, so that Envoys can catch up.
 */
import { planOf } from '../../xds-server/policy/inspection-plan.ts'
import type { Problem } from '../../xds-server/policy/model.ts'
import { type Sensors, sensorsOf } from '../../xds-server/policy/profiles.ts'
import type {
  CrsSettings,
  DlpSensor,
  InspectionProfile,
  InspectionSet,
  SensorBinding,
  WafSensor,
} from '../../xds-server/policy/sensor.ts'
import { createDlp, type Dlp } from '../dlp/dlp.ts'
import type { Redact } from '../dlp/redact.ts'
import type { Sensor } from '../dlp/sensor.ts'
import { ruleOrigin } from '../waf/rule-sets.ts'
import {
  type Compiled,
  type CompiledProfile,
  type CompiledWaf,
  compileDlpSensor,
  compileWafSensor,
  contextsOf,
  type DlpMember,
} from './compiled.ts'
import { Judging } from './exchange.ts'
import { maxOldProfiles } from './limits.ts'
import { hashOf } from './needs.ts'
import { compileRuleSet, type RuleSetEngine } from './rule-set.ts'

export type EngineOptions = { readonly crsDirectory: string | undefined; readonly redact: Redact }

/** Sets for which a thing is kept that none of them asks for: people undo what they have done. */
const keptTurns = 4

class Shelf<T> {
  readonly #things = new Map<string, { readonly compiled: Compiled<T>; asked: number }>()
  #turn = 0
  /** How many were made. */
  made = 0

  get(key: string, make: () => Compiled<T>): Compiled<T> {
    const known = this.#things.get(key)
    if (known) {
      known.asked = this.#turn
      return known.compiled
    }
    const compiled = make()
    this.made += 1
    this.#things.set(key, { compiled, asked: this.#turn })
    return compiled
  }

  /** What has long not been asked for is forgotten; profiles in force hold what they need. */
  turn(): void {
    this.#turn += 1
    for (const [key, { asked }] of this.#things) if (this.#turn - asked > keptTurns) this.#things.delete(key)
  }
}

export class Engines {
  readonly #options: EngineOptions
  readonly #ruleSets = new Shelf<RuleSetEngine>()
  readonly #waf = new Shelf<CompiledWaf>()
  readonly #dlp = new Shelf<Sensor>()
  readonly #passes = new Shelf<Dlp>()
  /** In the order in which they were named last. */
  readonly #profiles = new Map<string, CompiledProfile>()

  constructor(options: EngineOptions) {
    this.#options = options
  }

  profile(id: string): CompiledProfile | undefined {
    return this.#profiles.get(id)
  }

  get ids(): readonly string[] {
    return [...this.#profiles.keys()]
  }

  /** Compiles what is new in the set; afterwards its profiles are in force. Each problem once, with its path in the set. */
  prepare(set: InspectionSet): readonly Problem[] {
    const problems = new Map<string, Problem>()
    for (const shelf of [this.#ruleSets, this.#waf, this.#dlp, this.#passes]) shelf.turn()
    const sensors = sensorsOf(set)
    set.profiles.forEach((profile, i) => {
      const before = this.#made
      const compiled = attempted(`profiles[${i}]`, (path) => this.#compile(profile, sensors, set, path))
      if (compiled.ok && this.#made > before) warm(compiled.value)
      if (compiled.ok) this.#put(compiled.value)
      else for (const problem of compiled.problems) problems.set(`${problem.path} ${problem.message}`, problem)
    })
    this.#forget(set.profiles.length + maxOldProfiles)
    return [...problems.values(), ...this.#standIns(set)]
  }

  /** Sensors that want a Core Rule Set where there is none: they judge, by other rules. */
  #standIns(set: InspectionSet): readonly Problem[] {
    const used = new Set(set.profiles.flatMap(({ waf }) => waf.map(({ sensor }) => sensor)))
    return set.wafSensors.flatMap(({ name, crs }, i) => {
      const { because } = crs && used.has(name) ? ruleOrigin(crs.ruleSet, this.#options.crsDirectory) : {}
      return because === undefined ? [] : [{ path: `wafSensors[${i}].crs.ruleSet`, message: because }]
    })
  }

  get #made(): number {
    return this.#ruleSets.made + this.#waf.made + this.#dlp.made + this.#passes.made
  }

  #put(compiled: CompiledProfile): void {
    const { id } = compiled.profile
    this.#profiles.delete(id)
    this.#profiles.set(id, compiled)
  }

  #forget(most: number): void {
    for (const id of this.#profiles.keys()) {
      if (this.#profiles.size <= most) return
      this.#profiles.delete(id)
    }
  }

  #compile(profile: InspectionProfile, sensors: Sensors, set: InspectionSet, path: string): Compiled<CompiledProfile> {
    const problems: Problem[] = []
    const denies = ({ action }: SensorBinding): boolean => profile.enforce && action === 'deny'
    const waf = profile.waf.flatMap((binding, i) => {
      const found = named(sensors.waf, binding, `${path}.waf[${i}]`, problems)
      const sensor = found && kept(this.#wafSensor(found), pathOf('wafSensors', set.wafSensors, found), problems)
      return sensor ? [{ sensor, denies: denies(binding) }] : []
    })
    const dlp = profile.dlp.flatMap((binding, i) => {
      const found = named(sensors.dlp, binding, `${path}.dlp[${i}]`, problems)
      const sensor = found && kept(this.#dlpSensor(found), pathOf('dlpSensors', set.dlpSensors, found), problems)
      return found && sensor ? [{ found, sensor, denies: denies(binding) }] : []
    })
    if (problems.length > 0) return { ok: false, problems }
    return {
      ok: true,
      value: { profile, plan: planOf(profile, sensors), waf, dlp: dlp.length === 0 ? undefined : this.#pass(dlp) },
    }
  }

  #wafSensor(sensor: WafSensor): Compiled<CompiledWaf> {
    return this.#waf.get(hashOf(sensor), () => {
      const ruleSet = sensor.crs === null ? undefined : this.#ruleSet(sensor.crs, sensor.body.inspectBytes)
      if (ruleSet?.ok === false) return ruleSet
      return compileWafSensor(sensor, ruleSet?.value)
    })
  }

  #ruleSet(settings: CrsSettings, requestBytes: number): Compiled<RuleSetEngine> {
    const ruleSet = this.#options.crsDirectory === undefined ? 'base' : settings.ruleSet
    const key = JSON.stringify({ ...settings, ruleSet, responses: undefined, requestBytes })
    return this.#ruleSets.get(key, () => {
      const compiled = compileRuleSet(settings, requestBytes, this.#options.crsDirectory)
      if (compiled.ok) compiled.value.warm()
      return compiled
    })
  }

  #dlpSensor(sensor: DlpSensor): Compiled<Sensor> {
    return this.#dlp.get(hashOf(sensor), () => compileDlpSensor(sensor))
  }

  #pass(all: readonly { readonly found: DlpSensor; readonly sensor: Sensor; readonly denies: boolean }[]) {
    const sensors = all.map(({ sensor, denies }) => ({ ...sensor, mask: sensor.mask && denies }))
    const key = all.map(({ found }, i) => `${hashOf(found)} ${sensors[i]!.mask}`).join()
    const made = this.#passes.get(key, () => ({ ok: true, value: createDlp(sensors, this.#options.redact) }))
    if (!made.ok) throw new Error('unreachable')
    const members = all.map(
      ({ found, denies }): DlpMember => ({
        name: found.name,
        denies,
        mask: found.mask && denies,
        readsBody: contextsOf(found.rules).has('body'),
        body: found.body,
      }),
    )
    return { engine: made.value, members, contexts: contextsOf(all.flatMap(({ found }) => found.rules)) }
  }
}

/** What V8 compiles when it is first used, it does now. */
function warm(compiled: CompiledProfile): void {
  const headers = [
    ['content-type', 'application/json'],
    ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64)'],
  ] as const
  const head = {
    method: 'POST',
    path: '/a?b=%20c',
    authority: 'a.example',
    protocol: 'HTTP/1.1',
    source: '',
    incident: '',
  }
  const body = { bytes: Buffer.from(`{"a":"${'b 12-34 '.repeat(40)}"}`), end: true }
  for (let turn = 0; turn < 5; turn++) {
    const judging = new Judging(compiled)
    judging.request({ ...head, headers }, body)
    judging.response({ status: 200, headers }, body)
  }
}

/** What compilers do not foresee is a problem of the profile, not the end of the worker. */
function attempted<T>(path: string, work: (path: string) => Compiled<T>): Compiled<T> {
  try {
    return work(path)
  } catch (error) {
    return { ok: false, problems: [{ path, message: `can not be compiled: ${(error as Error).message}` }] }
  }
}

function named<S>(
  from: ReadonlyMap<string, S>,
  { sensor }: SensorBinding,
  path: string,
  problems: Problem[],
): S | undefined {
  const found = from.get(sensor)
  if (found === undefined) problems.push({ path, message: `there is no sensor ${sensor}` })
  return found
}

function kept<T>(compiled: Compiled<T>, path: string, problems: Problem[]): T | undefined {
  if (compiled.ok) return compiled.value
  problems.push(...compiled.problems.map((problem) => ({ ...problem, path: `${path}.${problem.path}` })))
  return undefined
}

const pathOf = (
  list: string,
  sensors: readonly { readonly name: string }[],
  { name }: { readonly name: string },
): string => {
  const index = sensors.findIndex((sensor) => sensor.name === name)
  return index === -1 ? `${list}.${name}` : `${list}[${index}]`
}
