/**
 * The whole of xds/ but its sockets: simulated Envoys against a real fleet, with every message and every turn delivered
 * when the test says so.
 */
import { Registry } from 'prom-client'
import type { ClassSnapshot, Compiled, Message, Resource, ResourceType } from '../../../xds-server/compile/model.ts'
import { decodeDeltaRequest, decodeSotwRequest } from '../../../xds-server/envoy/discovery.ts'
import { createConversation, isOverdue, type Nack } from '../../../xds-server/xds/conversation.ts'
import { createFleet } from '../../../xds-server/xds/fleet.ts'
import { createMetrics } from '../../../xds-server/xds/metrics.ts'
import { createResponses } from '../../../xds-server/xds/responses.ts'
import { type Applied, createRollouts } from '../../../xds-server/xds/rollouts.ts'
import { createSidecar, type Sidecar } from '../../../xds-server/xds/sidecar.ts'
import { type Held, type SimulatedEnvoy, type SimulatedOptions, simulatedEnvoy } from './simulated-envoy.ts'

export type Connection = {
  readonly envoy: SimulatedEnvoy
  readonly sidecar: Sidecar
  /** Not yet delivered. */
  readonly toServer: Buffer[]
  readonly toEnvoy: Buffer[]
}

const bodies: Record<ResourceType, (name: string, content: string) => Message> = {
  cluster: (name, content) => ({ name, alt_stat_name: content }),
  extension: (name, content) => ({ name, typed_config: { '@type': 'google.protobuf.StringValue', value: content } }),
  listener: (name, content) => ({ name, stat_prefix: content }),
}

/** A resource whose bytes contain `content`. */
export const aResource = (
  type: ResourceType,
  name: string,
  content: string,
  rules: readonly string[] = [],
): Resource => ({
  type,
  name,
  body: bodies[type](name, content),
  rules,
})

/** `{web: [resources], db: […]}` and `{pod: class}`. */
export function aCompiled(
  classes: Readonly<Record<string, readonly Resource[]>>,
  classOf: Readonly<Record<string, string>>,
): Compiled {
  const snapshots = Object.entries(classes).map(([key, resources]): [string, ClassSnapshot] => [
    key,
    { key, learned: `nv.${key}.test`, resources, rights: [] },
  ])
  return {
    classes: new Map(snapshots),
    classOf: new Map(Object.entries(classOf)),
    prefixes: [],
    status: [],
    inspection: { wafSensors: [], dlpSensors: [], profiles: [] },
  }
}

export type Harness = ReturnType<typeof createHarness>

export function createHarness() {
  let clock = 1_000_000
  const now = () => clock
  const waiting = new Set<Sidecar>()
  const schedule = (sidecar: Sidecar) => void waiting.add(sidecar)
  const connections = new Set<Connection>()
  const nacks: Nack[] = []
  const applied: Applied[] = []
  const rollouts = createRollouts(now, (each) => applied.push(each))
  const fleet = createFleet({ now, schedule, rollouts })
  const none = () => 0
  const gauges = { sidecars: none, classes: none, blobs: none, trials: none, quarantined: none, waiting: none }
  const metrics = createMetrics(new Registry(), gauges)
  const encoded: number[] = []
  const responses = createResponses((bytes) => encoded.push(bytes))
  const onNack = (nack: Nack) => nacks.push(nack)
  const conversation = createConversation({ now, schedule, onNack, fleet, rollouts, responses, metrics })

  const disconnect = (connection: Connection): void => {
    connections.delete(connection)
    waiting.delete(connection.sidecar)
    fleet.detach(connection.sidecar)
  }

  const deliverToServer = ({ sidecar, toServer, envoy }: Connection): boolean => {
    const bytes = toServer.shift()
    if (!bytes) return false
    const message =
      envoy.protocol === 'delta'
        ? ({ kind: 'delta', request: decodeDeltaRequest(bytes) } as const)
        : ({ kind: 'sotw', request: decodeSotwRequest(bytes) } as const)
    const problem = conversation.receive(sidecar, message)
    if (problem !== undefined) throw new Error(problem)
    return true
  }
  const deliverToEnvoy = ({ toEnvoy, envoy }: Connection): boolean => {
    const bytes = toEnvoy.shift()
    if (bytes) envoy.receive(bytes)
    return bytes !== undefined
  }
  const turn = (): boolean => {
    const [sidecar] = waiting
    if (!sidecar) return false
    waiting.delete(sidecar)
    conversation.turn(sidecar)
    return true
  }

  return {
    fleet,
    conversation,
    connections,
    nacks,
    applied,
    /** Bytes of each response that was encoded. */
    encoded,
    connect(options: Omit<SimulatedOptions, 'send'>, extensions: readonly string[], earlier?: Held): Connection {
      const [toServer, toEnvoy]: [Buffer[], Buffer[]] = [[], []]
      const envoy = simulatedEnvoy({ ...options, send: (bytes) => toServer.push(bytes) })
      const sidecar = createSidecar({
        workload: options.id,
        envoy: options.version ?? '1.40.0',
        connectedAt: clock,
        protocol: options.protocol ?? 'delta',
        write: (bytes) => toEnvoy.push(bytes),
      })
      const connection = { envoy, sidecar, toServer, toEnvoy }
      connections.add(connection)
      fleet.attach(sidecar)
      envoy.start(extensions, earlier)
      return connection
    },
    disconnect,
    deliverToServer,
    deliverToEnvoy,
    turn,
    tick(ms: number): void {
      clock += ms
      fleet.tick()
      for (const { sidecar } of connections) if (isOverdue(sidecar, clock)) schedule(sidecar)
    },
    /** Delivers everything until nobody has anything to say. */
    settle(): void {
      let isBusy = true
      for (let round = 0; isBusy; round += 1) {
        if (round > 10_000) throw new Error('the conversation does not end')
        isBusy = turn()
        for (const connection of connections)
          isBusy = deliverToServer(connection) || deliverToEnvoy(connection) || isBusy
      }
    },
  }
}
