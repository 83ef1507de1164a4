/** Edits of the policy through the API, as the CLI makes them. A learner may save in between: those are tried again. */
import type { z } from 'zod'
import { ApiProblem, type Client } from '../../cli/client.ts'
import type { ListedRule, position, ruleRoutes } from '../../xds-server/api/contract/rules.ts'
import type { routes } from '../../xds-server/api/contract.ts'

type RuleDocument = z.input<typeof ruleRoutes.insertRule.body>['rule']
type Position = z.input<typeof position>
type WrittenInspection = z.input<typeof routes.putInspection.body>['inspection']
type WrittenDlpSensor = z.input<typeof routes.putDlpSensor.body>['sensor']
type Mode = 'discover' | 'monitor' | 'protect'

const attempts = 5
const isConflict = (error: unknown) => error instanceof ApiProblem && error.document.status === 409

export class Policy {
  readonly #api: Client

  constructor(api: Client) {
    this.#api = api
  }

  async rules(): Promise<readonly ListedRule[]> {
    return (await this.#api.call('listRules', { query: { limit: 10_000 } })).value.rules
  }

  async revision(): Promise<number> {
    return (await this.#api.call('listRules', {})).value.revision
  }

  /** Default settings, no groups, no sensors, only the default rules. */
  async reset(): Promise<void> {
    await this.#api.call('importPolicy', {
      body: {
        groups: [],
        ignored: [],
        wafSensors: [],
        dlpSensors: [],
        inspections: [],
        rules: defaultRules,
        settings: { mode: null },
      },
      ifMatch: (await this.#api.call('exportPolicy', {})).etag,
    })
  }

  insert(rule: RuleDocument, position: Position): Promise<void> {
    return this.#onRules((ifMatch) => this.#api.call('insertRule', { body: { rule, position }, ifMatch }))
  }

  edit(id: string, body: Readonly<Record<string, unknown>>): Promise<void> {
    return this.#onRules((ifMatch) => this.#api.call('editRule', { params: { id }, body, ifMatch }))
  }

  remove(id: string): Promise<void> {
    return this.#onRules((ifMatch) => this.#api.call('deleteRule', { params: { id }, query: {}, ifMatch }))
  }

  async addressGroup(name: string, addresses: readonly string[]): Promise<void> {
    const { etag } = await this.#api.call('listGroups', {})
    const body = { group: { name, addresses } }
    await this.#api.call('putGroup', { params: { name }, body, ifMatch: etag })
  }

  /** Null: the group's default. */
  async groupMode(name: string, mode: Mode | null): Promise<void> {
    const { etag } = await this.#api.call('listGroups', {})
    await this.#api.call('setMode', { params: { name }, body: { mode }, ifMatch: etag })
  }

  /** The override of all groups; null lifts it. */
  async clusterMode(mode: Mode | null): Promise<void> {
    const { etag } = await this.#api.call('readSettings', {})
    await this.#api.call('editSettings', { body: { mode }, ifMatch: etag })
  }

  /** The sensors of a group, all of them. */
  async inspect(inspection: WrittenInspection): Promise<void> {
    const { etag } = await this.#api.call('listInspections', {})
    const params = { name: inspection.group }
    await this.#api.call('putInspection', { params, body: { inspection }, ifMatch: etag })
  }

  async dlpSensor(sensor: WrittenDlpSensor): Promise<void> {
    const { etag } = await this.#api.call('listDlpSensors', {})
    await this.#api.call('putDlpSensor', { params: { name: sensor.name }, body: { sensor }, ifMatch: etag })
  }

  async #onRules(save: (ifMatch: string) => Promise<unknown>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const { etag } = await this.#api.call('listRules', {})
      try {
        await save(etag)
        return
      } catch (error) {
        if (!isConflict(error) || attempt === attempts) throw error
      }
    }
  }
}

const defaultRules = [
  { id: 'dns', from: 'containers', to: 'dns', ports: '53,udp/53', action: 'allow', origin: 'default' },
  { id: 'node-probes', from: 'nodes', to: 'containers', action: 'allow', origin: 'default' },
] as const

/** A learned rule of these ends and application. */
export function learned(rules: readonly ListedRule[], from: string, to: string, application: string) {
  return rules.find(
    ({ rule }) =>
      rule.origin === 'learned' && rule.from === from && rule.to === to && rule.applications?.includes(application),
  )
}
