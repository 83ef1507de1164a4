/** Bodies and answers as bytes: JSON or YAML, bounded, and what can not be read is a problem with its place. */
import type { Request, Response } from 'express'
import { parse, stringify, YAMLParseError } from 'yaml'
import { ApiError } from './problem.ts'

/** A single change: a rule with many http alternatives is a few kilobytes. Past it: 413. */
export const maxBodyBytes = 256 * 1024
/** Whole rule lists and policies: 10,000 rules of about 800 bytes. Past it: 413. */
export const maxBulkBodyBytes = 8 * 1024 * 1024
/** YAML aliases of one document; more are an attack ("billion laughs"), never a policy. */
const maxAliases = 100

type Reader = (text: string) => unknown
const readJson: Reader = (text) => JSON.parse(text)
const readYaml: Reader = (text) => parse(text, { maxAliasCount: maxAliases })

const readers: Readonly<Record<string, Reader>> = {
  'application/json': readJson,
  'application/merge-patch+json': readJson,
  'application/yaml': readYaml,
  'application/x-yaml': readYaml,
  'text/yaml': readYaml,
}

/** The body as plain data; undefined where there is none. */
export function readBody(request: Request): unknown {
  if (!Buffer.isBuffer(request.body) || request.body.length === 0) return undefined
  const type = (request.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
  const reader = readers[type]
  if (reader === undefined) throw new ApiError('media-type', `${type || 'No content type'}: send JSON or YAML.`)
  return readText(reader, request.body)
}

function readText(reader: Reader, bytes: Buffer): unknown {
  try {
    return reader(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    const message = cause instanceof Error ? firstLine(cause) : String(cause)
    throw new ApiError('malformed', message, { cause, problems: [{ path: placeOf(cause), message }] })
  }
}

const firstLine = (error: Error): string => error.message.split('\n')[0]!.replace(/:$/, '')

function placeOf(cause: unknown): string {
  if (!(cause instanceof YAMLParseError) || !cause.linePos) return ''
  return `line ${cause.linePos[0].line}`
}

/** Texts are not folded: a regex over two lines is hard to read. */
const yamlForm = { aliasDuplicateObjects: false, lineWidth: 0 } as const

/** The answer as the caller prefers it; JSON unless YAML is asked for. */
export function writeBody(request: Request, response: Response, value: unknown): void {
  const yaml = request.accepts(['application/json', 'application/yaml']) === 'application/yaml'
  response.type(yaml ? 'application/yaml' : 'application/json')
  response.end(yaml ? stringify(value, yamlForm) : `${JSON.stringify(value)}\n`)
}
