/** Sensors and bindings as people write them in YAML, JSON and the API; what is accepted, policy/parse-*.ts says. */
import { z } from 'zod'
import { type Inspection, patternContexts, type SensorBinding, sensorActions } from '../../policy/sensor.ts'
import { listOf } from './route.ts'

/** What it looks for is what its fields say: one of `regex`, `detector`, `words`, `hashes` is there. */
const pattern = z.object({
  have: z.boolean().optional(),
  contexts: listOf(z.enum(patternContexts)).optional(),
  atLeast: z.number().optional(),
  ignoreCase: z.boolean().optional(),
  regex: z.string().optional(),
  detector: z.string().optional(),
  words: listOf(z.string()).optional(),
  wholeWords: z.boolean().optional(),
  salt: z.string().optional(),
  hashes: listOf(z.string()).optional(),
  lengths: listOf(z.number()).optional(),
})
const sensorRule = z.object({ name: z.string(), patterns: listOf(pattern) })
const sensorRest = {
  name: z.string(),
  comment: z.string().optional(),
  body: z
    .object({ inspectBytes: z.number(), pastLimit: z.enum(['deny', 'pass']) })
    .partial()
    .optional(),
}
const exclusion = z.union([
  z.object({ targets: listOf(z.string()).optional(), ids: listOf(z.string()) }),
  z.object({ targets: listOf(z.string()).optional(), tags: listOf(z.string()) }),
])
const crs = z
  .object({
    ruleSet: z.enum(['crs', 'base']),
    paranoia: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]),
    inboundThreshold: z.number(),
    outboundThreshold: z.number(),
    exclusions: listOf(exclusion),
    responses: z.boolean(),
  })
  .partial()

/** A sensor; what is left out is the default. */
export const wafSensorDocument = z.object({
  ...sensorRest,
  rules: listOf(sensorRule).optional(),
  crs: crs.nullable().optional(),
})
export const dlpSensorDocument = z.object({ ...sensorRest, rules: listOf(sensorRule), mask: z.boolean().optional() })

export const sensorBinding = z.object({ sensor: z.string(), action: z.enum(sensorActions) })
export const inspectionDocument = z.object({
  group: z.string(),
  waf: listOf(sensorBinding),
  dlp: listOf(sensorBinding),
  onFailure: z.enum(['failClosed', 'failOpen']),
})
/** Bindings as people may write them: an action left out is `allow`. */
export type WrittenInspection = {
  readonly group: string
  readonly waf?: readonly { readonly sensor: string; readonly action?: SensorBinding['action'] }[]
  readonly dlp?: WrittenInspection['waf']
  readonly onFailure?: Inspection['onFailure']
}
