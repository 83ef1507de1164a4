/**
 * A discovery client that behaves as Envoy does on the wire, without sockets: bytes in, bytes out. Applies what it
 * accepts, keeps what it had where it refuses, and remembers everything it was sent.
 */
import { type ResourceType, resourceTypes } from '../../../xds-server/compile/model.ts'
import { messageType } from '../../../xds-server/envoy/descriptor.ts'
import { encode, type PlainMessage } from '../../../xds-server/envoy/encode.ts'
import { typeOfUrl, typeUrlOf } from '../../../xds-server/xds/resource-types.ts'

export type Received = { readonly name: string; readonly version: string; readonly value: Uint8Array }
export type Delivery = {
  readonly type: ResourceType
  readonly nonce: string
  readonly resources: readonly Received[]
  readonly removed: readonly string[]
  readonly bytes: number
}
export type Held = Readonly<Record<ResourceType, Map<string, Received>>>

export type SimulatedOptions = {
  readonly id: string
  readonly version?: string
  readonly protocol?: 'delta' | 'sotw'
  /** What is wrong with a resource, or undefined. */
  readonly objection?: (type: ResourceType, resource: Received) => string | undefined
  readonly send: (bytes: Buffer) => void
}

type RawDelta = {
  type_url: string
  nonce: string
  resources: { name: string; version: string; resource: { value: Uint8Array } }[]
  removed_resources: string[]
}
type RawSotw = { type_url: string; nonce: string; version_info: string; resources: { value: Uint8Array }[] }

const api = 'envoy.service.discovery.v3.'
const nothing = (): Held => ({ cluster: new Map(), extension: new Map(), listener: new Map() })

function decodeDelta(bytes: Buffer): Delivery {
  const raw = messageType(`${api}DeltaDiscoveryResponse`).decode(bytes) as unknown as RawDelta
  const resources = raw.resources.map(({ name, version, resource }) => ({ name, version, value: resource.value }))
  const type = typeOfUrl(raw.type_url)!
  return { type, nonce: raw.nonce, resources, removed: raw.removed_resources, bytes: bytes.length }
}

/** The name is inside the resource; field 1 of all three types, or 2 in a listener's case too. */
function nameIn(type: ResourceType, value: Uint8Array): string {
  return (messageType(typeUrlOf(type).split('/')[1]!).decode(value) as unknown as { name: string }).name
}

function decodeSotw(bytes: Buffer): Delivery {
  const raw = messageType(`${api}DiscoveryResponse`).decode(bytes) as unknown as RawSotw
  const type = typeOfUrl(raw.type_url)!
  const resources = raw.resources.map(({ value }) => ({
    name: nameIn(type, value),
    version: Buffer.from(value).toString('base64'),
    value,
  }))
  return { type, nonce: raw.nonce, resources, removed: [], bytes: bytes.length }
}

export type SimulatedEnvoy = ReturnType<typeof simulatedEnvoy>

export function simulatedEnvoy(options: SimulatedOptions) {
  const { id, version = '1.40.0', protocol = 'delta', objection = () => undefined } = options
  const [major, minor, patch] = version.split('.').map(Number)
  const node = { id, user_agent_build_version: { version: { major_number: major, minor_number: minor, patch } } }
  const held = nothing()
  const wanted: Record<ResourceType, Set<string>> = { cluster: new Set(), extension: new Set(), listener: new Set() }
  const nonces: Record<ResourceType, string> = { cluster: '', extension: '', listener: '' }
  /** Envoy skips an extension that equals the last one it tried, be it a refused one. */
  const tried = new Map<string, Buffer>()
  const deliveries: Delivery[] = []
  const nacks: string[] = []
  let isFirst = true

  const send = (type: ResourceType, fields: PlainMessage): void => {
    const kind = protocol === 'delta' ? 'DeltaDiscoveryRequest' : 'DiscoveryRequest'
    const message = { ...(isFirst && { node }), type_url: typeUrlOf(type), ...fields }
    isFirst = false
    options.send(Buffer.from(encode(api + kind, message)))
  }
  const sotwRequest = (type: ResourceType, fields: PlainMessage = {}): void =>
    send(type, { resource_names: [...wanted[type]], response_nonce: nonces[type], ...fields })

  /** Whole types of the state of the world: what is not named is gone, unless it was named and refused. */
  const apply = ({ type, resources, removed }: Delivery, refused: ReadonlySet<string>): void => {
    if (protocol === 'sotw' && type !== 'extension')
      for (const name of held[type].keys())
        if (!resources.some((resource) => resource.name === name)) held[type].delete(name)
    for (const resource of resources) if (!refused.has(resource.name)) held[type].set(resource.name, resource)
    for (const name of removed) held[type].delete(name)
  }

  const isSkipped = (type: ResourceType, { name, value }: Received): boolean => {
    if (type !== 'extension') return false
    const isSame = tried.get(name)?.equals(value) ?? false
    tried.set(name, Buffer.from(value))
    return isSame
  }

  const answer = ({ type, nonce }: Delivery, problem: string | undefined): void => {
    nonces[type] = nonce
    const error = problem === undefined ? {} : { error_detail: { code: 13, message: problem } }
    if (protocol === 'delta') send(type, { response_nonce: nonce, ...error })
    else sotwRequest(type, error)
  }

  return {
    id,
    protocol,
    held,
    wanted,
    deliveries,
    nacks,
    /** Opens the conversation: clusters and listeners as a wildcard, extensions by name. Brings what `earlier` holds. */
    start(extensions: readonly string[], earlier?: Held): void {
      for (const type of resourceTypes) {
        if (earlier) for (const [name, resource] of earlier[type]) held[type].set(name, resource)
        if (type === 'extension') for (const name of extensions) wanted[type].add(name)
        if (type === 'extension' && extensions.length === 0) continue
        const versions = Object.fromEntries([...held[type]].map(([name, resource]) => [name, resource.version]))
        if (protocol === 'sotw') sotwRequest(type)
        else send(type, { resource_names_subscribe: [...wanted[type]], initial_resource_versions: versions })
      }
    },
    subscribe(type: ResourceType, names: readonly string[]): void {
      for (const name of names) wanted[type].add(name)
      if (protocol === 'delta') send(type, { resource_names_subscribe: names })
      else sotwRequest(type)
    },
    unsubscribe(type: ResourceType, names: readonly string[]): void {
      for (const name of names) {
        wanted[type].delete(name)
        held[type].delete(name)
        tried.delete(name)
      }
      if (protocol === 'delta') send(type, { resource_names_unsubscribe: names })
      else sotwRequest(type)
    },
    receive(bytes: Buffer): Delivery {
      const delivery = protocol === 'delta' ? decodeDelta(bytes) : decodeSotw(bytes)
      deliveries.push(delivery)
      const skipped = new Set<string>()
      const problems = delivery.resources.flatMap((resource) => {
        if (isSkipped(delivery.type, resource)) {
          skipped.add(resource.name)
          return []
        }
        const problem = objection(delivery.type, resource)
        return problem === undefined ? [] : [[resource.name, problem] as const]
      })
      apply(delivery, new Set([...problems.map(([name]) => name), ...skipped]))
      const problem = problems.length > 0 ? problems.map(([name, text]) => `${name}: ${text}`).join('; ') : undefined
      if (problem !== undefined) nacks.push(problem)
      answer(delivery, problem)
      return delivery
    },
  }
}
