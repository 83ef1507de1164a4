/** Asks a classifier as a sidecar would, by one call of its own connection: what answers here answers there. */
import { ChannelCredentials, Client, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { messageType } from './descriptor.ts'
import { encode } from './encode.ts'
import { externalProcessorService } from './services.ts'

export type ProcessorAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | {
      readonly kind: 'tls'
      readonly host: string
      readonly port: number
      readonly serverName: string
      /** PEM. */
      readonly ca: string
    }

export type Asked =
  | { readonly ok: true }
  /** `absent`: nobody listens there. */
  | { readonly ok: false; readonly absent: boolean; readonly reason: string }

/** Each question is a connection anew: one that is kept says nothing of what a sidecar would meet that comes now. */
const ownConnection = { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_retries': 0, 'grpc.enable_channelz': 0 }

function clientOf(address: ProcessorAddress): Client {
  if (address.kind === 'unix') {
    return new Client(`unix:${address.path}`, ChannelCredentials.createInsecure(), ownConnection)
  }
  const { host, port, serverName, ca } = address
  return new Client(`${host}:${port}`, ChannelCredentials.createSsl(Buffer.from(ca)), {
    ...ownConnection,
    'grpc.ssl_target_name_override': serverName,
    'grpc.default_authority': serverName,
  })
}

const header = (key: string, value: string) => ({ key, raw_value: Buffer.from(value) })

/** A request without a body; the empty `protocol_config` says that no bodies follow. */
const question = () =>
  Buffer.from(
    encode('envoy.service.ext_proc.v3.ProcessingRequest', {
      request_headers: {
        headers: { headers: [header(':method', 'GET'), header(':path', '/'), header(':authority', 'probe.invalid')] },
        end_of_stream: true,
      },
      protocol_config: {},
    }),
  )

type Response = {
  readonly request_headers?: unknown
  readonly immediate_response?: { readonly status?: { readonly code: number } }
}
/** What a classifier without a verdict refuses with. */
const unavailable = 503

/** It judged, whatever it thinks of a request like ours. */
function isVerdict(bytes: Buffer): boolean {
  const answer = messageType('envoy.service.ext_proc.v3.ProcessingResponse').decode(bytes) as unknown as Response
  const refusal = answer.immediate_response?.status?.code
  return refusal === undefined ? answer.request_headers != null : refusal !== unavailable
}

/** Of what somebody else says: it stands in an event. */
const maxReasonLength = 200

/** grpc-js has no code for it. */
const nobodyListens = /ECONNREFUSED|ENOENT/

function refusal({ code, details }: ServiceError): Asked {
  const absent = code === status.UNAVAILABLE && nobodyListens.test(details)
  const reason = absent ? 'nobody listens there' : details.slice(0, maxReasonLength) || `gRPC status ${code}`
  return { ok: false, absent, reason }
}

/** Resolves within `timeoutMs`, whatever happens. @param metadata gRPC metadata of the call */
export function askProcessor(
  address: ProcessorAddress,
  metadata: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<Asked> {
  const client = clientOf(address)
  const { path, requestSerialize, responseDeserialize } = externalProcessorService.process
  const fields = Metadata.fromHttp2Headers(metadata)
  const deadline = Date.now() + timeoutMs
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, fields, { deadline })
  return new Promise<Asked>((resolve) => {
    call.on('data', (bytes: Buffer) =>
      resolve(isVerdict(bytes) ? { ok: true } : { ok: false, absent: false, reason: 'it comes to no verdict' }),
    )
    call.on('error', (error: ServiceError) => resolve(refusal(error)))
    call.on('end', () => resolve({ ok: false, absent: false, reason: 'it ended the call without an answer' }))
    call.write(question())
  }).finally(() => {
    call.cancel()
    client.close()
  })
}
