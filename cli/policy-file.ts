/** A policy file (YAML or JSON) as plain data; what it means, the API judges. */
import { parse, YAMLParseError } from 'yaml'
import { documentNames } from '../xds-server/api/contract/route.ts'
import { InputError } from './errors.ts'
import type { Io } from './io.ts'

/** Throws `InputError` with file and line. `-` is standard input. */
export async function readPolicy(io: Io, path: string): Promise<Record<string, unknown>> {
  const text = await readText(io, path)
  const value = parseYaml(text, path)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new InputError(`${path}: there is no policy in it (${documentNames.join(', ')})`)
}

export const readText = async (io: Io, path: string): Promise<string> => (await readBytes(io, path)).toString('utf8')

/** Throws `InputError` with the file. */
export async function readBytes(io: Io, path: string): Promise<Buffer> {
  try {
    return await io.read(path)
  } catch (cause) {
    throw new InputError(`${path}: ${(cause as Error).message}`, { cause })
  }
}

function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text)
  } catch (cause) {
    const line = cause instanceof YAMLParseError ? cause.linePos?.[0].line : undefined
    const message = (cause as Error).message.split('\n')[0]
    throw new InputError(`${path}${line === undefined ? '' : `:${line}`}: ${message}`, { cause })
  }
}
