/**
 * What has to be seen of a message to judge it by a profile: how much of which body is held, whether responses are
 * looked at. One answer for Envoy's configuration and for the classifier, so that neither waits for what the other
 * never sends.
 */
import type { Sensors } from './profiles.ts'
import type { BodyLimit, DlpSensor, InspectionProfile, SensorBinding, SensorRule, WafSensor } from './sensor.ts'

export type Plan = {
  /** Bytes of a request body to hold before its verdict; 0: none is looked at. */
  readonly requestBytes: number
  /** The same of multipart/form-data, whose files do not count to a WAF sensor's limit: they must be seen to be left out. */
  readonly uploadBytes: number
  readonly requestPastLimit: BodyLimit['pastLimit']
  /** Heads of responses are looked at. */
  readonly responses: boolean
  /** As `requestBytes`. */
  readonly responseBytes: number
  readonly responsePastLimit: BodyLimit['pastLimit']
  /** Found values are overwritten in bodies. */
  readonly masks: boolean
}

/** Past it an upload is a body like any other: longer than is looked at. */
export const maxUploadBytes = 8 * 1024 * 1024

/** By its Content-Type: a form whose files are told from its fields (RFC 7578). */
export const isUpload = (contentType: string): boolean => /^\s*multipart\/form-data\b/i.test(contentType)

/** One sensor's wish. */
type Wish = {
  readonly request: BodyLimit | undefined
  readonly response: BodyLimit | undefined
  readonly heads: boolean
  /** Parts of a form are told from files. */
  readonly parts: boolean
  readonly mask: boolean
}

const looksAtBodies = (rules: readonly SensorRule[]): boolean =>
  rules.some(({ patterns }) => patterns.some(({ contexts }) => contexts.includes('body')))
const looksAtHeads = (rules: readonly SensorRule[]): boolean =>
  rules.some(({ patterns }) => patterns.some(({ contexts }) => contexts.includes('header')))

/** A limit that is only there to refuse means nothing where nothing is refused. */
const limitOf = ({ body }: WafSensor | DlpSensor, denies: boolean): BodyLimit =>
  denies ? body : { ...body, pastLimit: 'pass' }

/** Rules of a WAF look at requests; a rule set at responses, too, where that is asked for. */
function wafWish(sensor: WafSensor, denies: boolean): Wish {
  const limit = limitOf(sensor, denies)
  const responses = sensor.crs?.responses === true
  const request = sensor.crs !== null || looksAtBodies(sensor.rules)
  return {
    request: request ? limit : undefined,
    response: responses ? limit : undefined,
    heads: responses,
    parts: request,
    mask: false,
  }
}

function dlpWish(sensor: DlpSensor, denies: boolean): Wish {
  const limit = looksAtBodies(sensor.rules) ? limitOf(sensor, denies) : undefined
  const heads = limit !== undefined || looksAtHeads(sensor.rules)
  return { request: limit, response: limit, heads, parts: false, mask: sensor.mask && denies }
}

function largest(limits: readonly (BodyLimit | undefined)[]): BodyLimit {
  const all = limits.filter((limit) => limit !== undefined)
  const inspectBytes = Math.max(0, ...all.map((limit) => limit.inspectBytes))
  return { inspectBytes, pastLimit: all.some(({ pastLimit }) => pastLimit === 'deny') ? 'deny' : 'pass' }
}

/** What all sensors of the profile together want; sensors that are not there want nothing. */
export function planOf(profile: Pick<InspectionProfile, 'enforce' | 'waf' | 'dlp'>, sensors: Sensors): Plan {
  const denies = ({ action }: SensorBinding): boolean => profile.enforce && action === 'deny'
  const wish = <S>(from: ReadonlyMap<string, S>, make: (sensor: S, denies: boolean) => Wish) => {
    return (binding: SensorBinding): readonly Wish[] => {
      const sensor = from.get(binding.sensor)
      return sensor === undefined ? [] : [make(sensor, denies(binding))]
    }
  }
  const wishes = [
    ...profile.waf.flatMap(wish(sensors.waf, wafWish)),
    ...profile.dlp.flatMap(wish(sensors.dlp, dlpWish)),
  ]
  const parts = wishes.some(({ parts }) => parts)
  const request = largest(wishes.map((one) => one.request))
  const response = largest(wishes.map((one) => one.response))
  return {
    requestBytes: request.inspectBytes,
    uploadBytes: parts ? Math.max(maxUploadBytes, request.inspectBytes) : request.inspectBytes,
    requestPastLimit: request.pastLimit,
    responses: wishes.some(({ heads }) => heads),
    responseBytes: response.inspectBytes,
    responsePastLimit: response.pastLimit,
    masks: wishes.some(({ mask }) => mask),
  }
}
