/** ext_proc's messages by the real .proto (of @grpc/grpc-js-xds, about Envoy 1.31), and what 1.40 has beside. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join } from 'node:path'
import protobuf from 'protobufjs'

const bundled = dirname(createRequire(import.meta.url).resolve('@grpc/grpc-js-xds/package.json'))
const folders = ['envoy-api', 'xds', 'googleapis'].map((folder) => join(bundled, 'deps', folder))

const newer = `syntax = "proto3";
package envoy.service.ext_proc.v3;
message ProtocolConfiguration { int32 request_body_mode = 1; int32 response_body_mode = 2; bool send_body_without_waiting_for_header_response = 3; }
message StreamedBodyResponse { bytes body = 1; bool end_of_stream = 2; }`

function load(): protobuf.Root {
  const root = new protobuf.Root()
  root.resolvePath = (_origin, target) => {
    if (/annotations[/.]|^validate\//.test(target)) return null
    if (isAbsolute(target) || protobuf.common.get(target)) return target
    return folders.map((folder) => join(folder, target)).find((path) => existsSync(path)) ?? null
  }
  root.loadSync(['envoy/service/ext_proc/v3/external_processor.proto'], { keepCase: true })
  protobuf.parse(newer, root, { keepCase: true })
  const prefix = 'envoy.service.ext_proc.v3.'
  root.lookupType(`${prefix}ProcessingRequest`).add(new protobuf.Field('protocol_config', 11, `${prefix}ProtocolConfiguration`))
  root.lookupType(`${prefix}BodyMutation`).add(new protobuf.Field('streamed_response', 3, `${prefix}StreamedBodyResponse`))
  return root
}

const root = load()
export const processingRequest = root.lookupType('envoy.service.ext_proc.v3.ProcessingRequest')
export const processingResponse = root.lookupType('envoy.service.ext_proc.v3.ProcessingResponse')

export const encodeRequest = (message: object): Buffer => Buffer.from(processingRequest.encode(processingRequest.fromObject(message)).finish())
/** Fields that are there, nothing else. */
export const decodeResponse = (bytes: Buffer): object => processingResponse.toObject(processingResponse.decode(bytes), { longs: Number, enums: String, bytes: String, json: false })
