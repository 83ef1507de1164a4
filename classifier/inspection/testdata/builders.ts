/** Messages, patterns and profiles for tests: each states only what matters. */
import type { InspectionProfile, InspectionSet, SensorPattern, SensorRule } from '../../../xds-server/policy/sensor.ts'
import { plainPattern } from '../../../xds-server/policy/sensor.ts'
import type { BodyPrefix, RequestHead, ResponseHead, Verdict } from '../model.ts'

export const aRequest = (path = '/', over: Partial<RequestHead> = {}): RequestHead => ({
  method: 'GET',
  path,
  authority: 'shop.example',
  protocol: 'HTTP/1.1',
  headers: [
    ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64)'],
    ['accept', '*/*'],
  ],
  source: '10.42.0.7',
  incident: 'incident-1',
  ...over,
})

export const aPost = (type: string, over: Partial<RequestHead> = {}): RequestHead =>
  aRequest('/', { method: 'POST', ...over, headers: [['content-type', type], ...(over.headers ?? [])] })

export const aResponse = (type = 'text/plain', ...more: ResponseHead['headers']): ResponseHead => ({
  status: 200,
  headers: [['content-type', type], ...more],
})

export const aBody = (content: string | Uint8Array, end = true): BodyPrefix => ({ bytes: Buffer.from(content), end })

type Looking = Partial<Pick<SensorPattern, 'have' | 'contexts' | 'atLeast'>>
export const regex = (source: string, over: Looking & { readonly ignoreCase?: boolean } = {}): SensorPattern => ({
  ...plainPattern,
  kind: 'regex',
  regex: source,
  ignoreCase: false,
  ...over,
})
export const words = (list: readonly string[], over: Looking & { readonly wholeWords?: boolean } = {}): SensorPattern => ({
  ...plainPattern,
  kind: 'words',
  words: list,
  ignoreCase: true,
  wholeWords: true,
  ...over,
})
export const detector = (name: string, over: Looking = {}): SensorPattern => ({
  ...plainPattern,
  kind: 'detector',
  detector: name,
  ...over,
})
export const aSensorRule = (name: string, ...patterns: readonly SensorPattern[]): SensorRule => ({ name, patterns })

/** Enforces. */
export const aProfile = (id: string, over: Partial<InspectionProfile> = {}): InspectionProfile => ({
  id,
  enforce: true,
  waf: [],
  dlp: [],
  onFailure: 'failClosed',
  ...over,
})

export const aSet = (over: Partial<InspectionSet>): InspectionSet => ({
  wafSensors: [],
  dlpSensors: [],
  profiles: [],
  ...over,
})

export const deny = (sensor: string) => ({ sensor, action: 'deny' }) as const
export const allow = (sensor: string) => ({ sensor, action: 'allow' }) as const

/** A verdict without its figures, samples' hashes left out. */
export const said = ({ us, masked, findings, ...verdict }: Verdict) => ({
  ...verdict,
  masked: masked && Buffer.from(masked).toString('latin1'),
  findings: findings.map(({ kind, sensor, rule, where, message, sample }) =>
    [kind, sensor, rule, where, message, ...(sample === undefined ? [] : [sample.replace(/ #.*/, '')])].join(' | '),
  ),
})
