/** The discovery protocol's messages, delta and state of the world, as plain values. */
import { messageType } from './descriptor.ts'
import { reasonOf } from './refusal.ts'

const api = 'envoy.service.discovery.v3.'

/** Who is asking; only guaranteed on the first request of a stream (xds_protocol.rst). */
export type DiscoveryNode = {
  readonly id: string
  /** `1.40.0`, or empty where the client does not say. */
  readonly version: string
}

/** Why the client refused the response with that nonce: a NACK is this being there, never a guess from versions. */
export type DiscoveryError = { readonly code: number /** Its reason in one line. */; readonly message: string }

export type DeltaRequest = {
  readonly node: DiscoveryNode | undefined
  readonly typeUrl: string
  readonly subscribe: readonly string[]
  readonly unsubscribe: readonly string[]
  /** Name → version the client holds from an earlier stream; only in the first request of a type. */
  readonly initialVersions: ReadonlyMap<string, string>
  readonly nonce: string
  readonly error: DiscoveryError | undefined
}

export type SotwRequest = {
  readonly node: DiscoveryNode | undefined
  readonly typeUrl: string
  readonly names: readonly string[]
  readonly version: string
  readonly nonce: string
  readonly error: DiscoveryError | undefined
}

/** One resource in an encoded form that every response can use. */
type EncodedResource = { readonly name: string; readonly version: string; readonly value: Uint8Array }

type RawNode = {
  id: string
  user_agent_version?: string
  user_agent_build_version?: { version?: { major_number: number; minor_number: number; patch: number } }
}
type RawError = { code: number; message: string }
type RawDelta = {
  node?: RawNode
  type_url: string
  resource_names_subscribe: string[]
  resource_names_unsubscribe: string[]
  initial_resource_versions: Record<string, string>
  response_nonce: string
  error_detail?: RawError
}
type RawSotw = {
  node?: RawNode
  type_url: string
  resource_names: string[]
  version_info: string
  response_nonce: string
  error_detail?: RawError
}

function nodeOf(raw: RawNode | undefined): DiscoveryNode | undefined {
  if (!raw) return undefined
  const built = raw.user_agent_build_version?.version
  const version = built && `${built.major_number}.${built.minor_number}.${built.patch}`
  return { id: raw.id, version: version ?? raw.user_agent_version ?? '' }
}

const errorOf = (raw: RawError | undefined): DiscoveryError | undefined =>
  raw ? { code: raw.code, message: reasonOf(raw.message) } : undefined

/** @throws where the bytes are no such message */
export function decodeDeltaRequest(bytes: Uint8Array): DeltaRequest {
  const raw = messageType(`${api}DeltaDiscoveryRequest`).decode(bytes) as unknown as RawDelta
  return {
    node: nodeOf(raw.node),
    typeUrl: raw.type_url,
    subscribe: raw.resource_names_subscribe,
    unsubscribe: raw.resource_names_unsubscribe,
    initialVersions: new Map(Object.entries(raw.initial_resource_versions)),
    nonce: raw.response_nonce,
    error: errorOf(raw.error_detail),
  }
}

/** @throws where the bytes are no such message */
export function decodeSotwRequest(bytes: Uint8Array): SotwRequest {
  const raw = messageType(`${api}DiscoveryRequest`).decode(bytes) as unknown as RawSotw
  return {
    node: nodeOf(raw.node),
    typeUrl: raw.type_url,
    names: raw.resource_names,
    version: raw.version_info,
    nonce: raw.response_nonce,
    error: errorOf(raw.error_detail),
  }
}

export type ResponseContent = {
  readonly typeUrl: string
  readonly nonce: string
  readonly resources: readonly EncodedResource[]
}

/** `version` is for people who debug; a delta client only looks at the resources' own. */
export function encodeDeltaResponse(
  content: ResponseContent & { readonly version: string; readonly removed: readonly string[] },
): Buffer {
  const { typeUrl, nonce, version, removed } = content
  const resources = content.resources.map((resource) => ({
    name: resource.name,
    version: resource.version,
    resource: { type_url: typeUrl, value: resource.value },
  }))
  const message = { system_version_info: version, type_url: typeUrl, nonce, resources, removed_resources: removed }
  return asBuffer(messageType(`${api}DeltaDiscoveryResponse`).encode(message).finish())
}

export function encodeSotwResponse(content: ResponseContent & { readonly version: string }): Buffer {
  const { typeUrl, nonce, version } = content
  const resources = content.resources.map((resource) => ({ type_url: typeUrl, value: resource.value }))
  const message = { version_info: version, type_url: typeUrl, nonce, resources }
  return asBuffer(messageType(`${api}DiscoveryResponse`).encode(message).finish())
}

/** The same memory: what grpc-js writes must be a Buffer. */
const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
