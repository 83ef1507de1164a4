/**
 * Brings compiled snapshots to the sidecars: aggregated discovery, delta and state of the world.
 *
 * Promises: a sidecar gets its own class's configuration and nothing else, whatever it asks for. A resource that no
 * Envoy has taken yet reaches one sidecar before it reaches all. What an Envoy refuses never replaces the last good, on
 * any sidecar. Nothing is sent that the sidecar has. An edit costs what the classes it changes cost.
 * Never: knows rules (only their ids), decides what is in a resource, retries what was refused, removes a good
 * configuration because something was lost.
 *
 * Read on: subscription.ts and machine.ts (the protocol, pure), turn.ts (the order), fleet.ts (classes), gate.ts
 * (canaries), session.ts (the stream).
 */
import type { Server } from '@grpc/grpc-js'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Compiled } from '../compile/model.ts'
import { discoveryService } from '../envoy/services.ts'
import type { Verifier } from '../envoy/verifier.ts'
import { createConversation, isOverdue, type Nack } from './conversation.ts'
import { createFleet } from './fleet.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { createResponses } from './responses.ts'
import { type Applied, createRollouts } from './rollouts.ts'
import { createScheduler } from './scheduler.ts'
import { type Call, type Session, serveStream } from './session.ts'
import type { Sidecar } from './sidecar.ts'
import { type ProxyStatus, type Quarantined, statusOf } from './status.ts'
import type { Protocol } from './turn.ts'

export type XdsOptions = {
  readonly verifier: Verifier
  readonly log: Logger
  readonly registry: Registry
  /** An Envoy refused something; the last good stays. */
  readonly onNack?: (nack: Nack) => void
  /** A publication reached everybody it concerns. */
  readonly onApplied?: (applied: Applied) => void
}

export type Xds = {
  /** Adds the discovery service; before the server listens. */
  register(server: Server): void
  /** Makes this what sidecars are to have. Cheap where little changed; returns before anything is sent. */
  publish(compiled: Compiled): void
  /** Connected sidecars, by workload id. */
  proxies(): readonly ProxyStatus[]
  /** Resources kept from everybody because an Envoy refused them. */
  quarantined(): readonly Quarantined[]
  /** Ends all streams with UNAVAILABLE: Envoys go on with what they have and come back. */
  close(): void
}

const goingAway = 'the control plane is going away'
/** How often silent canaries and overdue answers are looked after. */
const tickMs = 500

export function createXds(options: XdsOptions): Xds {
  const { log, verifier, registry } = options
  /** Epoch milliseconds that never go back and have fractions: lag is measured with it. */
  const now = () => performance.timeOrigin + performance.now()
  const sessions = new Set<Session>()

  const scheduler = createScheduler<Sidecar>((sidecar) => conversation.turn(sidecar))
  const schedule = (sidecar: Sidecar) => scheduler.want(sidecar)
  const rollouts = createRollouts(now, (applied) => {
    metrics.rolloutSeconds.observe(applied.ms / 1000)
    log.info(applied, 'publication applied')
    options.onApplied?.(applied)
  })
  const fleet = createFleet({ now, schedule, rollouts })
  const metrics: Metrics = createMetrics(registry, {
    sidecars: () => [...fleet.sidecars()].length,
    classes: () => fleet.counts().classes,
    blobs: () => fleet.counts().blobs,
    trials: () => fleet.counts().trials,
    quarantined: () => fleet.quarantined().length,
    waiting: scheduler.size,
  })
  const responses = createResponses((bytes) => metrics.encodedBytes.inc(bytes))
  const onNack = (nack: Nack) => {
    log.warn(nack, 'resource refused')
    options.onNack?.(nack)
  }
  const conversation = createConversation({ now, schedule, onNack, fleet, rollouts, responses, metrics })

  const onEnd = (session: Session, sidecar: Sidecar | undefined) => {
    sessions.delete(session)
    if (sidecar) scheduler.forget(sidecar)
  }
  let isClosed = false
  const serve = (call: Call, protocol: Protocol): void => {
    const session = serveStream({ now, verifier, fleet, conversation, metrics, log, onEnd }, call, protocol)
    sessions.add(session)
    if (isClosed) session.end(goingAway)
  }

  const tick = setInterval(() => {
    fleet.tick()
    for (const sidecar of fleet.sidecars()) if (isOverdue(sidecar, now())) schedule(sidecar)
  }, tickMs)
  tick.unref()

  return {
    register(server) {
      server.addService(discoveryService, {
        delta: (call: Call) => serve(call, 'delta'),
        sotw: (call: Call) => serve(call, 'sotw'),
      })
    },
    publish(compiled) {
      for (const { rules, verdict, type, name } of fleet.publish(compiled)) {
        const message = verdict.kind === 'refused' ? verdict.message : ''
        onNack({ rules, message, workload: '', type, names: [name], quarantined: true })
      }
    },
    proxies: () =>
      [...fleet.sidecars()]
        .map((sidecar) => statusOf(sidecar, now()))
        .sort((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id))),
    quarantined: () =>
      fleet.quarantined().flatMap(({ type, name, version, rules, verdict }) => {
        if (verdict.kind !== 'refused') return []
        const { message, node, at } = verdict
        return [{ type, name, version, rules, message, node, at }]
      }),
    close() {
      isClosed = true
      clearInterval(tick)
      for (const session of sessions) session.end(goingAway)
    },
  }
}
