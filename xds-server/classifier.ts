/** The classifier as the control plane has it: where it is, the tokens that open it, whether it answers. */
import { Gauge, type Registry } from 'prom-client'
import { profileHeader } from './compile/names.ts'
import type { ClassifierAddress, ClassifierOptions } from './compile/options.ts'
import { askProcessor } from './envoy/ext-proc-client.ts'
import { type ClassifierHealth, type HealthWatch, watchHealth } from './inspection-health.ts'
import { profileTokens } from './inspection-key.ts'
import { probeProfile } from './policy/profiles.ts'

/** It must answer within this. */
const askWithinMs = 900

export type Classifier = {
  readonly health: HealthWatch
  /** As compiling takes it. */
  asked(): ClassifierOptions
  /** Can it judge by this profile? Undefined: it does not answer at all. */
  knows(profile: string): Promise<boolean> | undefined
}

export type ClassifierPlace = {
  /** As sidecars reach it. */
  readonly address: ClassifierAddress
  /** As this process does, where that differs. */
  readonly probe?: ClassifierAddress
}

export type ClassifierParts = {
  readonly place: ClassifierPlace
  /** Where the key is kept. */
  readonly data: string
  readonly registry: Registry
  readonly onChange: (health: ClassifierHealth) => void
  readonly onNews: (health: ClassifierHealth) => void
}

/** @throws where the key can not be had */
export function classifierOf({ place, data, registry, ...told }: ClassifierParts): Classifier {
  const { address, probe = address } = place
  const token = profileTokens(data)
  const ask = (profile: string) =>
    askProcessor(probe, { [profileHeader]: profile, authorization: `Bearer ${token(profile)}` }, askWithinMs)
  const health = watchHealth({ ask: () => ask(probeProfile.id), ...told })
  new Gauge({
    name: 'postern_classifier_healthy',
    help: 'The classifier answers (1) or not (0)',
    registers: [registry],
    collect() {
      this.set(health.now().healthy ? 1 : 0)
    },
  })
  return {
    health,
    asked: () => ({ address, token, healthy: health.now().healthy }),
    knows: (profile) => (health.now().healthy ? ask(profile).then(({ ok }) => ok) : undefined),
  }
}
