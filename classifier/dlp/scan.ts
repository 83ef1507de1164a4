/** `postern dlp scan`: whole files and lines of NDJSON through the predefined detectors. No problem text holds a value. */
import { linesOf } from '../lines.ts'
import { inflateContent, isGzip } from './decode/content.ts'
import { detectors } from './detectors.ts'
import { maxFindings } from './limits.ts'
import type { Finding } from './model.ts'
import { compileDetectors, type Program } from './program.ts'
import { redaction } from './redact.ts'
import { DlpStream, inOrder, scanAll } from './stream.ts'

export type Scan = {
  /** In the order of their offsets, in bytes. Of a gzip body: in what it decodes to. */
  readonly findings: readonly Finding[]
  /** Why not everything is there. */
  readonly partial?: string
}
export type LineScan = { readonly line: number } & (Scan | { readonly problem: string })

/** A line is held as a whole; a body of 32 MB is no longer a message. */
const maxLineCharacters = 48 * 1024 * 1024

let compiled: Program | undefined
const program = (): Program => (compiled ??= compileDetectors(detectors))
/** @param key makes samples comparable between runs */
const redactionOf = (key: string | undefined) => redaction(key === undefined ? undefined : Buffer.from(key))

/** A file as it comes, in bounded memory; one that is gzip is read whole. */
export async function scanFile(chunks: AsyncIterable<Uint8Array>, key?: string): Promise<Scan> {
  const findings: Finding[] = []
  const stream = new DlpStream(program(), redactionOf(key), (finding) => findings.push(finding))
  const packed: Buffer[] = []
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    if (packed.length > 0 || (stream.taken === 0 && isGzip(bytes))) packed.push(bytes)
    else stream.push(bytes)
  }
  if (packed.length > 0) return scanBody(Buffer.concat(packed), 'gzip', '', key)
  stream.finish()
  return scanned(findings, stream.found)
}

function scanned(findings: readonly Finding[], found: number): Scan {
  const partial = found > maxFindings ? { partial: `${found} findings, the first ${maxFindings} are here` } : {}
  return { findings: inOrder(findings), ...partial }
}

function scanBody(body: Buffer, encoding: string, contentType: string, key: string | undefined): Scan {
  const form = /^application\/x-www-form-urlencoded\b/i.test(contentType)
  const inflated = inflateContent(body, encoding)
  const findings = scanAll(program(), redactionOf(key), [inflated.ok ? inflated.body : body], form)
  return inflated.ok ? { findings } : { findings, partial: `${inflated.problem}; scanned as it is` }
}

/** Each line as soon as it is there. */
export async function* scanNdjson(stream: AsyncIterable<string | Uint8Array>, key?: string): AsyncGenerator<LineScan> {
  let line = 0
  for await (const text of linesOf(stream, maxLineCharacters)) {
    line++
    if (text === undefined) yield { line, problem: `longer than ${maxLineCharacters} characters` }
    else if (text.trim() !== '') yield { line, ...scanLine(text, key) }
  }
}

function scanLine(line: string, key: string | undefined): Scan | { readonly problem: string } {
  const input = parseLine(line)
  if (typeof input === 'string') return { problem: input }
  const { body, encoding, contentType } = input
  return scanBody(body, encoding ?? (isGzip(body) ? 'gzip' : ''), contentType, key)
}

type Input = { readonly body: Buffer; readonly encoding: string | undefined; readonly contentType: string }

/** Or what is wrong with it. (JSON.parse's own message would quote the line.) */
function parseLine(line: string): Input | string {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return 'not JSON'
  }
  if (typeof value !== 'object' || value === null) return 'not an object'
  const { text, body, contentType = '', contentEncoding } = value as Record<string, unknown>
  if (typeof contentType !== 'string') return 'contentType: not a text'
  if (contentEncoding !== undefined && typeof contentEncoding !== 'string') return 'contentEncoding: not a text'
  if (typeof text === 'string') return { body: Buffer.from(text), encoding: '', contentType }
  if (typeof body !== 'string') return 'neither text nor body'
  if (!/^[A-Za-z0-9+/\s_-]*={0,2}\s*$/.test(body)) return 'body: not base64'
  return { body: Buffer.from(body, 'base64'), encoding: contentEncoding, contentType }
}
