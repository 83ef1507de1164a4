/** What a fresh installation starts with. */
import type { Policy, Rule, Settings } from './model.ts'

export const defaultSettings: Settings = {
  mode: null,
  modeResolution: 'destination',
  newGroupMode: 'discover',
  pins: 'verify',
  revealRule: false,
  autoPromote: { toMonitor: null, toProtect: null },
}

/**
 * Without these two nothing works in Protect, so they are there from the start, as rules that people see and may
 * delete. Seeded once, by the store's first start: a deleted one stays deleted.
 * @param now ISO 8601, UTC
 */
export function defaultRules(now: string): readonly Rule[] {
  const rest = { applications: [], http: [], action: 'allow', disabled: false, origin: 'default' } as const
  const times = { createdAt: now, updatedAt: now }
  return [
    {
      id: 'dns',
      comment: 'Name resolution by the cluster’s DNS servers',
      from: 'containers',
      to: 'dns',
      ports: [
        { protocol: 'tcp', from: 53, to: 53 },
        { protocol: 'udp', from: 53, to: 53 },
      ],
      ...rest,
      ...times,
    },
    {
      id: 'node-probes',
      comment: 'Health probes of the kubelet on the workload’s node',
      from: 'nodes',
      to: 'containers',
      ports: [],
      ...rest,
      ...times,
    },
  ]
}

export function defaultPolicy(now: string): Policy {
  return {
    groups: [],
    rules: defaultRules(now),
    settings: defaultSettings,
    ignored: [],
    wafSensors: [],
    dlpSensors: [],
    inspections: [],
  }
}
