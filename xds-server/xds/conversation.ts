/** Runs a sidecar's state machine against the fleet: feeds it what arrives, does what it says. */
import type { ResourceType } from '../compile/model.ts'
import type { Fleet } from './fleet.ts'
import { type Effect, type StreamMessage, step } from './machine.ts'
import type { Metrics } from './metrics.ts'
import type { Responses } from './responses.ts'
import type { Rollouts } from './rollouts.ts'
import type { Sidecar } from './sidecar.ts'
import { answerPatienceMs, type Content } from './turn.ts'

/** An Envoy refused resources, or one could not even be encoded. */
export type Nack = {
  /** Rules whose meaning these resources carry, sorted. */
  readonly rules: readonly string[]
  /** Envoy's own words, or where the encoding failed. */
  readonly message: string
  /** Empty where it could not be encoded. */
  readonly workload: string
  readonly type: ResourceType
  readonly names: readonly string[]
  /** Nobody else gets them: false where others had taken them before. */
  readonly quarantined: boolean
}

export type ConversationHost = {
  now(): number
  schedule(sidecar: Sidecar): void
  onNack(nack: Nack): void
  readonly fleet: Fleet
  readonly rollouts: Rollouts
  readonly responses: Responses
  readonly metrics: Metrics
}

export type Conversation = {
  /** A message of the client. Returns what is wrong with it, in words, where the stream must end. */
  receive(sidecar: Sidecar, message: StreamMessage): string | undefined
  /** Writes at most one response. Returns its bytes. */
  turn(sidecar: Sidecar): number
}

const subscriptions = (sidecar: Sidecar) => Object.values(sidecar.state.subscriptions)

/** Since when the sidecar owes an answer, or undefined. */
export const owesSince = (sidecar: Sidecar): number | undefined => {
  const times = subscriptions(sidecar).flatMap((sub) => (sub?.inFlight ? [sub.inFlight.sentAt] : []))
  return times.length > 0 ? Math.min(...times) : undefined
}

/** It owes an answer for so long that other types no longer wait for it. */
export function isOverdue(sidecar: Sidecar, now: number): boolean {
  const since = owesSince(sidecar)
  return since !== undefined && now - since >= answerPatienceMs
}

export function createConversation(host: ConversationHost): Conversation {
  const { fleet, metrics } = host

  const onAccepted = (sidecar: Sidecar, { type, versions, sentAt }: Extract<Effect, { kind: 'accepted' }>) => {
    sidecar.lastAckMs = host.now() - sentAt
    metrics.ackSeconds.observe({ type }, sidecar.lastAckMs / 1000)
    fleet.accepted(sidecar, type, versions)
  }

  const onRefused = (sidecar: Sidecar, { type, versions, message }: Extract<Effect, { kind: 'refused' }>) => {
    const names = [...versions.keys()]
    sidecar.lastRefusal = { type, names, message, at: host.now() }
    metrics.refusals.inc({ type })
    const blobs = fleet.refused(sidecar, type, versions, message)
    const rules = [...new Set(blobs.flatMap((blob) => blob.rules))].sort()
    const quarantined = blobs.some((blob) => blob.verdict.kind === 'refused')
    host.onNack({ rules, message, workload: sidecar.workload, type, names, quarantined })
  }

  const respond = (sidecar: Sidecar, content: Content): number => {
    const { nonce, bytes } = host.responses.encode(sidecar.state.protocol, content, sidecar.newestNonce)
    sidecar.newestNonce = nonce
    run(sidecar, { kind: 'sent', content, nonce: String(nonce), now: host.now() })
    metrics.responses.inc({ type: content.type })
    metrics.responseBytes.inc({ type: content.type }, bytes.length)
    sidecar.write(bytes)
    return bytes.length
  }

  /** The fleet may change the state while effects are carried out, so it is stored first. */
  const run = (sidecar: Sidecar, message: StreamMessage): readonly Effect[] => {
    const { state, effects } = step(sidecar.state, message, sidecar.views)
    sidecar.state = state
    return effects
  }

  const carryOut = (sidecar: Sidecar, effect: Effect): string | undefined => {
    switch (effect.kind) {
      case 'accepted':
        onAccepted(sidecar, effect)
        return
      case 'holds':
        fleet.accepted(sidecar, effect.type, effect.versions)
        return
      case 'refused':
        onRefused(sidecar, effect)
        return
      case 'wants':
        fleet.wants(sidecar)
        return
      case 'invalid':
        return effect.message
      case 'respond':
        return
    }
  }

  return {
    receive(sidecar, message) {
      const problems = run(sidecar, message).map((effect) => carryOut(sidecar, effect))
      host.schedule(sidecar)
      return problems.find((problem) => problem !== undefined)
    },
    turn(sidecar) {
      const [effect] = run(sidecar, { kind: 'turn', now: host.now() })
      if (effect?.kind === 'respond') return respond(sidecar, effect.content)
      const isCaughtUp = sidecar.record && !sidecar.record.isTesting && owesSince(sidecar) === undefined
      if (isCaughtUp && sidecar.rollouts.size > 0) host.rollouts.caughtUp(sidecar)
      return 0
    },
  }
}
