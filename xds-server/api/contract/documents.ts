/**
 * The documents as people write them in YAML, JSON and the API. The shapes here describe what the API gives back; what a
 * document means, and whether it is accepted, only policy/parse*.ts says (`judged`), so that the API and an import never
 * disagree.
 */
import { z } from 'zod'
import type { Criterion, Parsed } from '../../policy/model.ts'
import { listOf } from './route.ts'
import { dlpSensorDocument, inspectionDocument, wafSensorDocument } from './sensor-documents.ts'
import { mode } from './verdict.ts'

const texts = listOf(z.string()).optional()
const header = z.union([
  z.object({ name: z.string(), exact: z.string() }),
  z.object({ name: z.string(), prefix: z.string() }),
  z.object({ name: z.string(), present: z.literal(true) }),
])
const http = z.object({ methods: texts, paths: texts, hosts: texts, headers: listOf(header).optional(), grpc: texts })

/** A rule; what is left out is any, or the default. */
export const ruleDocument = z.object({
  id: z.string(),
  comment: z.string().optional(),
  from: z.string(),
  to: z.string(),
  applications: texts,
  /** `80,8500-8508,udp/53`. */
  ports: z.string().optional(),
  http: listOf(http).optional(),
  action: z.enum(['allow', 'deny']),
  disabled: z.boolean().optional(),
  origin: z.enum(['user', 'learned', 'imported', 'federated', 'default']).optional(),
  createdAt: z.string().optional(),
  updatedAt: z.string().optional(),
})

const named = { name: z.string(), comment: z.string() }
const criterion = z.object({
  key: z.custom<Criterion['key']>((value) => typeof value === 'string'),
  op: z.enum(['=', '!=', '@', '^', '~', '!~']),
  value: z.string(),
})
export const groupDocument = z.discriminatedUnion('kind', [
  z.object({ ...named, kind: z.literal('learned'), mode: mode.nullable() }),
  z.object({ ...named, kind: z.literal('custom'), criteria: listOf(criterion) }),
  z.object({ ...named, kind: z.literal('address'), addresses: listOf(z.string()) }),
])
/** A group as people may write it: the kind may be left to its members, a criterion may be a text. */
export type WrittenGroup = {
  readonly name: string
  readonly kind?: 'learned' | 'custom' | 'address'
  readonly comment?: string
  readonly mode?: z.output<typeof mode> | null
  readonly criteria?: readonly (string | Criterion)[]
  readonly addresses?: readonly string[]
}

const hours = z.number().nullable()
export const settingsDocument = z.object({
  mode: mode.nullable(),
  modeResolution: z.enum(['destination', 'basic', 'strict']),
  newGroupMode: mode,
  pins: z.enum(['verify', 'trust']),
  revealRule: z.boolean(),
  autoPromote: z.object({ toMonitor: hours, toProtect: hours }),
})

export const ignoredDocument = z.object({ from: z.string(), to: z.string(), application: z.string() })

export const policyDocument = z.object({
  groups: listOf(groupDocument),
  rules: listOf(ruleDocument),
  settings: settingsDocument,
  ignored: listOf(ignoredDocument),
  wafSensors: listOf(wafSensorDocument),
  dlpSensors: listOf(dlpSensorDocument),
  inspections: listOf(inspectionDocument),
})

type Parser<T> = (input: unknown, path: string) => Parsed<T>

/**
 * A part of a body that the policy's parser judges. `Written` is what people may write; `path` is the part's place in
 * the body, which the parser puts before each problem.
 */
export function judged<Written, T>(parse: Parser<T>, path: string) {
  return z.custom<Written>().transform((input, context): T => {
    const parsed = parse(input, path)
    if (parsed.ok) return parsed.value
    for (const problem of parsed.problems) {
      context.addIssue({ code: 'custom', message: problem.message, params: { path: problem.path } })
    }
    return z.NEVER
  })
}
