/** Which chains a peer gets on a listener, by what its port speaks: a list to read, one line a chain. */
import { isHttp } from '../policy/applications.ts'
import type { Settings } from '../policy/model.ts'
import type { Recognition } from './chains.ts'
import type { HttpVersion } from './http-chains.ts'
import type { Predicate } from './matching.ts'
import { anyOf, equals, inputs } from './matching.ts'
import type { PortProtocol } from './model.ts'
import type { ChainKind } from './names.ts'
import type { View } from './table.ts'

/** One chain of a peer. `when` is what the inspectors found; the last slot of a list takes what is left. */
export type Slot = { readonly kind: ChainKind; readonly when?: Predicate; readonly view: View } & (
  | { readonly carries: 'tcp'; readonly recognition: Recognition; readonly connecting: 'at-once' | 'on-data' }
  | { readonly carries: 'http'; readonly version: HttpVersion }
)

/** How a listener treats its connections before a chain is chosen. */
export type Inspection =
  | { readonly kind: 'none' }
  /** Bytes are looked at for so long; then the connection goes on with what is known, or ends. */
  | { readonly kind: 'inspect'; readonly timeout: string; readonly afterwards: 'go-on' | 'close' }

export type Serving = { readonly slots: readonly Slot[]; readonly inspection: Inspection }

const protocolIs = (name: string): Predicate => equals(inputs.applicationProtocol, `'${name}'`)
/** Asked first: a TLS hello may name HTTP, too (ALPN), but carries none that we could read. */
const isTls = equals(inputs.transportProtocol, 'tls')
const isHttp1 = anyOf([protocolIs('http/1.0'), protocolIs('http/1.1')])
const isHttp2 = protocolIs('h2c')

const sniffer: Recognition = { by: 'sniffer' }
const pinned = (application: string): Recognition => ({ by: 'pin', application })

const tls: Slot = { kind: 'tcp', when: isTls, view: 'tcp', carries: 'tcp', recognition: sniffer, connecting: 'on-data' }
const http1: Slot = { kind: 'http1', when: isHttp1, view: 'http', carries: 'http', version: 'http1' }
const http2: Slot = { kind: 'http2', when: isHttp2, view: 'http', carries: 'http', version: 'http2' }

const restOn = (recognition: Recognition): Slot => ({
  kind: 'tcp',
  view: 'tcp',
  carries: 'tcp',
  recognition,
  connecting: 'on-data',
})
const atOnce: Slot = { kind: 'tcp', view: 'tcp', carries: 'tcp', recognition: sniffer, connecting: 'at-once' }

const uninspected: Inspection = { kind: 'none' }
/** Long, because clients open connections ahead of need; then whatever comes is judged as unreadable TCP. */
const patient: Inspection = { kind: 'inspect', timeout: '10s', afterwards: 'go-on' }
const strict: Inspection = { kind: 'inspect', timeout: '10s', afterwards: 'close' }

/** On a trusted port nobody sniffs: the inspectors guard against TLS and HTTP, the rest is taken for what was named. */
function trusted(application: string): Serving {
  const guard = (kind: ChainKind, when: Predicate, what: string): Slot => ({ ...restOn(pinned(what)), kind, when })
  return {
    slots: [guard('tls', isTls, 'tls'), guard('http', anyOf([isHttp1, isHttp2]), 'http'), restOn(pinned(application))],
    inspection: patient,
  }
}

type Pins = Settings['pins']

const byProtocol: {
  readonly [K in PortProtocol['kind']]: (port: Extract<PortProtocol, { kind: K }>, pins: Pins) => Serving
} = {
  detect: () => ({ slots: [atOnce], inspection: uninspected }),
  'server-first': () => ({ slots: [atOnce], inspection: uninspected }),
  'client-first': ({ applications: [only, ...more] }, pins) =>
    pins === 'trust' && more.length === 0 ? trusted(only!) : { slots: [restOn(sniffer)], inspection: uninspected },
  http: ({ applications }, pins) =>
    pins === 'trust' && applications.every(isHttp)
      ? {
          slots: [{ ...tls, kind: 'tls', recognition: pinned('tls') }, http1, http2, restOn(pinned('unknown'))],
          inspection: strict,
        }
      : { slots: [tls, http1, http2, restOn(sniffer)], inspection: patient },
}

export function servingOf(port: PortProtocol, pins: Pins): Serving {
  const serve = byProtocol[port.kind] as (port: PortProtocol, pins: Pins) => Serving
  return serve(port, pins)
}

/** Outbound every port is on one listener. A chain that sees server names only where a name tells destinations apart. */
export function outboundSlots(namesMatter: boolean): readonly Slot[] {
  const byName: Slot = { ...restOn(pinned('tls')), kind: 'tls', view: 'tls', when: isTls }
  return [namesMatter ? byName : { ...atOnce, when: isTls }, http1, http2, atOnce]
}
