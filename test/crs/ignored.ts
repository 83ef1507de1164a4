/** Stages that a server can not pass, each with its reason: a YAML list of `{stages: [942100-3, …], reason: …}`. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'

const shape = z.array(
  z.strictObject({ stages: z.array(z.string().regex(/^\d{6}-\d+(?:\/\d+)?$/)).min(1), reason: z.string().min(10) }),
)

/** Stage → reason. Throws where the file is not what it should be, or names a stage twice. */
export function readIgnored(file: string): ReadonlyMap<string, string> {
  const groups = shape.parse(parse(readFileSync(file, 'utf8')) ?? [])
  const ignored = new Map<string, string>()
  for (const { stages, reason } of groups) {
    for (const stage of stages) {
      if (ignored.has(stage)) throw new Error(`${file}: ${stage} stands there twice`)
      ignored.set(stage, reason)
    }
  }
  return ignored
}
