/**
 * A classifier of a few lines: it looks for `EVIL` in the path, refuses by profiles that enforce, and reports by the
 * others. Real gRPC, real messages; everything it was asked is kept.
 */
import { chmodSync } from 'node:fs'
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js'
import { messageType } from '../../xds-server/envoy/descriptor.ts'
import { encode, type PlainMessage } from '../../xds-server/envoy/encode.ts'
import { raiseStreamResetLimits } from '../../xds-server/envoy/grpc-server.ts'
import { externalProcessorService } from '../../xds-server/envoy/services.ts'
import type { InspectionProfile } from '../../xds-server/policy/sensor.ts'

type Headers = { readonly headers: { readonly headers: readonly { key: string; raw_value: Uint8Array }[] } }
type Asked = {
  /** Name of the one part that this message is about. */
  readonly request?: string
  readonly request_headers?: Headers
  readonly attributes?: Readonly<Record<string, unknown>>
  readonly protocol_config?: { readonly request_body_mode: number }
}

/** One request, as it was asked about. */
export type Question = {
  readonly profile: string
  readonly authorization: string
  readonly path: string
  /** Of the request: 0 is none. */
  readonly bodyMode: number
  readonly attributes: string
}

export type TinyClassifier = {
  readonly questions: readonly Question[]
  /** What it goes by; others are errors. */
  profiles: readonly InspectionProfile[]
  /** Refuses everything, with this status. */
  refusesWith: 'Forbidden' | 'ServiceUnavailable' | undefined
  /** Connections are cut, nobody listens any more. */
  stop(): Promise<void>
}

const text = (call: ServerDuplexStream<Buffer, Buffer>, name: string): string =>
  String(call.metadata.get(name)[0] ?? '')

function questionOf(call: ServerDuplexStream<Buffer, Buffer>, asked: Asked): Question {
  const all = asked.request_headers?.headers.headers ?? []
  const path = all.find(({ key }) => key === ':path')?.raw_value ?? ''
  return {
    profile: text(call, 'x-postern-profile'),
    authorization: text(call, 'authorization'),
    path: Buffer.from(path).toString('latin1'),
    bodyMode: asked.protocol_config?.request_body_mode ?? -1,
    attributes: JSON.stringify(asked.attributes ?? {}),
  }
}

const found = (action: string, { profile }: Question) => ({
  'postern.inspection': {
    action,
    profile,
    score: 5,
    found: 1,
    findings: [{ kind: 'waf', sensor: 'evil', rule: 'word', severity: 'critical', message: 'evil', where: 'url' }],
  },
})

const goOn = { request_headers: { response: {} } }
const refusal = {
  immediate_response: {
    status: { code: 'Forbidden' },
    body: Buffer.from('Denied by inspection.\n'),
    details: 'postern_waf',
  },
}

/** Bodies that are only watched, and heads of responses: they go on. */
const next = ({ request = '' }: Asked): PlainMessage => ({
  [request]: request.endsWith('trailers') ? {} : { response: {} },
})

function send(call: ServerDuplexStream<Buffer, Buffer>, message: PlainMessage): void {
  call.write(Buffer.from(encode('envoy.service.ext_proc.v3.ProcessingResponse', message)))
}

function answer(question: Question, profile: InspectionProfile): PlainMessage {
  const evil = question.path.includes('EVIL')
  if (!evil || profile.id === 'probe') return goOn
  const action = profile.enforce ? 'deny' : 'pass'
  return { ...(profile.enforce ? refusal : goOn), dynamic_metadata: found(action, question) }
}

export async function startTinyClassifier(path: string): Promise<TinyClassifier> {
  const server = new Server()
  raiseStreamResetLimits(server)
  const questions: Question[] = []
  const it: TinyClassifier = {
    questions,
    profiles: [],
    refusesWith: undefined,
    stop: async () => server.forceShutdown(),
  }
  const decoder = messageType('envoy.service.ext_proc.v3.ProcessingRequest')
  server.addService(externalProcessorService, {
    process(call: ServerDuplexStream<Buffer, Buffer>) {
      call.on('error', () => undefined)
      call.on('end', () => call.end())
      call.on('data', (bytes: Buffer) => {
        const asked = decoder.decode(bytes) as unknown as Asked
        if (!asked.request_headers) return void send(call, next(asked))
        const question = questionOf(call, asked)
        questions.push(question)
        const profile = it.profiles.find(({ id }) => id === question.profile)
        if (profile === undefined) call.emit('error', { code: 9, details: 'no such profile' })
        else if (it.refusesWith) send(call, { immediate_response: { status: { code: it.refusesWith } } })
        else send(call, answer(question, profile))
      })
    },
  })
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve()))
  })
  // the sidecar is somebody else
  chmodSync(path, 0o777)
  return it
}
