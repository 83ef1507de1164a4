/** What one gets by the book: grpc-js, proto-loader, the .proto; answers every message with "go on". */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import {
  type GrpcObject,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
} from '@grpc/grpc-js'
import { raiseStreamResetLimits } from '../../../xds-server/envoy/grpc-server.ts'

type Message = { readonly request: string }
type Stream = {
  on(event: 'data', listener: (message: Message) => void): void
  on(event: 'end' | 'error', listener: () => void): void
  write(message: object): void
  end(): void
}

/** Whose messages these are brings the loader, too. */
const bringer = createRequire(import.meta.url).resolve('@grpc/grpc-js-xds/package.json')
const { loadSync } = createRequire(bringer)('@grpc/proto-loader') as {
  readonly loadSync: (file: string, options: object) => Parameters<typeof loadPackageDefinition>[0]
}

function serviceOf(): ServiceClientConstructor['service'] {
  const bundled = dirname(bringer)
  const includeDirs = ['envoy-api', 'xds', 'protoc-gen-validate', 'googleapis'].map((folder) =>
    join(bundled, 'deps', folder),
  )
  const definition = loadSync('envoy/service/ext_proc/v3/external_processor.proto', {
    keepCase: true,
    oneofs: true,
    includeDirs,
  })
  const found = ['envoy', 'service', 'ext_proc', 'v3'].reduce<GrpcObject>(
    (at, name) => at[name] as GrpcObject,
    loadPackageDefinition(definition),
  )
  return (found.ExternalProcessor as ServiceClientConstructor).service
}

export async function serveGrpcJs(socket: string): Promise<void> {
  const server = new Server({ 'grpc.max_concurrent_streams': 1_000, 'grpc.enable_channelz': 0 })
  raiseStreamResetLimits(server)
  const process = (call: Stream) => {
    call.on('data', ({ request }) => call.write({ [request]: request.endsWith('trailers') ? {} : { response: {} } }))
    call.on('end', () => call.end())
    call.on('error', () => {})
  }
  server.addService(serviceOf(), { Process: process as never })
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    )
  })
}
