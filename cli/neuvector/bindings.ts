/** The sensors of a group in NvSecurityRule and NvClusterSecurityRule; its network, process and file rules are not read. */
import {
  anyText,
  flag,
  list,
  omissible,
  oneOf,
  optional,
  type Reader,
  required,
} from '../../xds-server/policy/parse.ts'
import { type SensorAction, type SensorBinding, sensorActions } from '../../xds-server/policy/sensor.ts'
import { members } from './members.ts'

type Setting = { readonly name: string; readonly action: SensorAction }
type Side = { readonly status: boolean; readonly settings: readonly Setting[] }
type Spec = {
  readonly target: { readonly selector: { readonly name: string } }
  readonly dlp?: Side
  readonly waf?: Side
  readonly ingress: readonly unknown[]
  readonly egress: readonly unknown[]
}

const maxItems = 10_000
const anything: Reader<unknown> = (input) => input

const setting = members<Setting>({ name: required(anyText()), action: required(oneOf(sensorActions)) })
const side = members<Side>({
  status: optional(flag, true),
  settings: optional<Side['settings']>(list(setting, maxItems), []),
})
export const readGroup: Reader<{ readonly spec: Spec }> = members({
  spec: required(
    members<Spec>({
      target: required(members({ selector: required(members({ name: required(anyText()) })) })),
      dlp: omissible(side),
      waf: omissible(side),
      ingress: optional<Spec['ingress']>(list(anything, maxItems), []),
      egress: optional<Spec['egress']>(list(anything, maxItems), []),
    }),
  ),
})

/** NeuVector's predefined sensors by ours; Federated ones are called `fed.…`. */
const predefined: Readonly<Record<'waf' | 'dlp', ReadonlyMap<string, string>>> = {
  dlp: new Map([
    ['sensor.creditcard', 'creditcard'],
    ['sensor.ssn', 'ssn'],
  ]),
  waf: new Map([
    ['sensor.log4shell', 'base'],
    ['sensor.spring4shell', 'base'],
  ]),
}

/** Our predefined sensor for one of NeuVector's; undefined where there is none. */
export const predefinedFor = (side: 'waf' | 'dlp', name: string): string | undefined =>
  predefined[side].get(name.replace(/^fed\./, ''))

/** Each sensor once, where it came first, with the stricter of its actions. */
export function stricter<B extends SensorBinding>(bindings: readonly B[]): readonly B[] {
  const bySensor = Map.groupBy(bindings, ({ sensor }) => sensor)
  return [...bySensor.values()].map((all) => {
    return { ...all[0]!, action: all.some(({ action }) => action === 'deny') ? 'deny' : 'allow' }
  })
}
