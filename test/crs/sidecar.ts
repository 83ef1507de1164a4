/**
 * CRS's regression through a real sidecar: raw bytes from a peer, Envoy with the configuration that the compiler makes,
 * the product's ext_proc front, the engine with the suite's own settings, an albedo-like backend.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tokenFor } from '../../classifier/http/authenticate.ts'
import { startService } from '../../classifier/http/service.ts'
import { bufferOf, engineRequest, engineResponse } from '../../classifier/inspection/message.ts'
import type { BodyPrefix, Exchange, Inspector, Verdict } from '../../classifier/inspection/model.ts'
import { createEngine, type Engine } from '../../classifier/waf/engine/evaluate.ts'
import type { Inspection } from '../../classifier/waf/engine/inspection.ts'
import type { Outcome } from '../../classifier/waf/engine/model.ts'
import type { InspectionProfile } from '../../xds-server/policy/sensor.ts'
import { peers, podAddress } from '../features/pod/network.ts'
import { startPod } from '../features/pod/pod.ts'
import { anInspection, aRule, aWafSensor, aWorkload, aWorld, tcp } from '../support/builders.ts'
import { eventually } from '../support/eventually.ts'
import { type LogEntry, logEntry } from './log.ts'
import { loadUnderTest } from './regression.ts'
import { requestIdHeader } from './wire.ts'

const secret = 'of this run'
/** The suite's longest bodies are longer than what is looked at by default. */
const bodyBytes = 1024 * 1024
const port = 80

export type Sidecar = AsyncDisposable & {
  readonly connect: () => ReturnType<typeof connect>
  readonly decisionsOf: (id: string) => Promise<LogEntry | undefined>
  /**
   * Whether responses are judged, too. Where they are, Envoy 1.40 does not deliver its own 400 to what is no request: it
   * holds it for a verdict, and forgets it (RATIONALE.md).
   */
  judgeResponses(yes: boolean): Promise<void>
}

const pass: Omit<Verdict, 'found' | 'score'> = {
  action: 'pass',
  status: 200,
  findings: [],
  partial: undefined,
  masked: undefined,
  decoded: false,
  us: 0,
}
const nothing: Verdict = { ...pass, found: 0, score: 0 }
const bytesOf = (body: BodyPrefix | undefined): Buffer => (body ? bufferOf(body.bytes) : Buffer.alloc(0))
const passed = ({ ids, score }: Outcome): Verdict => ({ ...pass, found: ids.length, score })

/** Judges as the product does, remembers what was found, and lets everything go on: rules of phase 4 want an answer. */
class Recorder implements Inspector {
  readonly #engine: Engine
  readonly #log = new Map<string, LogEntry>()
  profiles: readonly InspectionProfile[] = []
  responses = false

  constructor(engine: Engine) {
    this.#engine = engine
  }

  profile(id: string): InspectionProfile | undefined {
    return this.profiles.find((profile) => profile.id === id)
  }

  entry(id: string): LogEntry | undefined {
    return this.#log.get(id)
  }

  begin(): Exchange {
    let id = ''
    let run: Inspection | undefined
    const { responses } = this
    const note = (outcome: Outcome): Verdict => {
      this.#log.set(id, logEntry(outcome.ids, outcome.matches))
      return passed(outcome)
    }
    return {
      plan: {
        requestBytes: bodyBytes,
        uploadBytes: bodyBytes,
        requestPastLimit: 'pass',
        responses,
        responseBytes: responses ? bodyBytes : 0,
        responsePastLimit: 'pass',
        masks: false,
      },
      request: async (head, body) => {
        id = head.headers.find(([name]) => name === requestIdHeader)?.[1] ?? ''
        const headers = head.headers.filter(([name]) => name !== requestIdHeader)
        run = this.#engine.begin(engineRequest({ ...head, headers }, bytesOf(body)))
        return note(responses ? run.outcome : run.end())
      },
      response: async (head, body) => (run ? note(run.respond(engineResponse(head, bytesOf(body)))) : nothing),
      more: async () => (run ? note(run.outcome) : nothing),
      drop: () => {},
    }
  }
}

/** Everything of it is gone when it is disposed of. */
export async function startSidecar(crs: string): Promise<Sidecar> {
  await using open = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'postern-crs-'))
  open.defer(() => rmSync(folder, { recursive: true, force: true }))
  await chmod(folder, 0o755)
  const path = join(folder, 'classifier.sock')
  const recorder = new Recorder(createEngine(loadUnderTest(crs)))
  const service = await startService({ kind: 'unix', path }, { inspector: recorder, secret })
  open.defer(() => service.close(0))
  await chmod(path, 0o777)
  const classifier = {
    address: { kind: 'unix', path },
    token: (id: string) => tokenFor(secret, id),
    healthy: true,
  } as const
  const pod = await startPod({ name: 'ft-crs', world: world(false), apps: {}, classifier: () => classifier })
  open.defer(() => pod.stop())
  recorder.profiles = pod.inspection().profiles
  const node = (side: 'pod' | 'peers', script: string, ...args: readonly string[]) =>
    pod.network.start(side, [process.execPath, join(import.meta.dirname, script), ...args])
  node('pod', 'albedo-main.ts', `${port}`)
  const door = join(folder, 'peer.sock')
  node('peers', 'relay.ts', door, podAddress, `${port}`)
  const answers = async () =>
    (await pod.curl(peers.web, '-w', '%{http_code}', `http://${podAddress}/status/200`)).stdout
  await eventually('the backend to answer through the sidecar', async () =>
    (await answers()).endsWith('200') ? true : undefined,
  )
  const running = open.move()
  return {
    connect: () => connect(door),
    decisionsOf: async (id) => recorder.entry(id),
    async judgeResponses(yes) {
      recorder.responses = yes
      await pod.publish(world(yes))
      recorder.profiles = pod.inspection().profiles
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

const sensor = (responses: boolean) =>
  aWafSensor('suite', {
    crs: { ruleSet: 'crs', paranoia: 4, inboundThreshold: 5, outboundThreshold: 4, exclusions: [], responses },
    body: { inspectBytes: bodyBytes, pastLimit: 'pass' },
  })
const world = (responses: boolean) =>
  aWorld({
    workloads: [aWorkload('web', { ips: [peers.web] }), aWorkload('db', { ips: [podAddress] })],
    podCidrs: ['10.21.0.0/24'],
    nodes: [],
    rules: [aRule('any', 'nv.db.yelb', { id: 'web', applications: ['http'], ports: tcp(port) })],
    wafSensors: [sensor(responses)],
    inspections: [anInspection('nv.db.yelb', { waf: [{ sensor: 'suite', action: 'deny' }] })],
    settings: { mode: 'protect' },
  })
