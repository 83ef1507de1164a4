/** `postern dlp scan`: whole files and lines of NDJSON through the predefined detectors. No problem text holds a value. */
import { ContentDecoder, decodeContent } from '../content/decoder.ts'
import { linesOf } from '../text/lines.ts'
import { detectors } from './detectors.ts'
import { bodyCaps, isForm } from './inspection.ts'
import { maxInflatedRatio } from './limits.ts'
import type { Finding } from './model.ts'
import { compileDetectors, type Program } from './program.ts'
import { redaction } from './redact.ts'
import { Report } from './report.ts'
import { DlpStream, scanAll } from './stream.ts'

export type Scan = {
  /** In the order of their offsets, in bytes. Of a compressed body: in what it decodes to. */
  readonly findings: readonly Finding[]
  /** Why not everything is there. */
  readonly partial?: string
}
export type LineScan = { readonly line: number } & (Scan | { readonly problem: string })

/** A line is held as a whole; a body of 32 MB is no longer a message. */
const maxLineCharacters = 48 * 1024 * 1024

/** Files are scanned as they unfold: however large, in little memory. */
const fileCaps = { maxBytes: Number.POSITIVE_INFINITY, maxRatio: maxInflatedRatio }

let compiled: Program | undefined
const program = (): Program => (compiled ??= compileDetectors(detectors))
/** @param key makes samples comparable between runs */
const redactionOf = (key: string | undefined) => redaction(key === undefined ? undefined : Buffer.from(key))

/** A file as it comes, packed or not, in bounded memory. */
export async function scanFile(chunks: AsyncIterable<Uint8Array>, key?: string): Promise<Scan> {
  const report = new Report(redactionOf(key))
  const stream = new DlpStream(program(), (hit) => report.add(hit))
  let decoder: ContentDecoder | undefined
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    decoder ??= new ContentDecoder(isGzip(bytes) ? 'gzip' : '', fileCaps)
    stream.push(decoder.push(bytes))
  }
  stream.finish()
  decoder?.finish()
  return scanned(report, decoder?.problem)
}

function scanned(report: Report, problem: string | undefined): Scan {
  const { findings, found } = report
  const cut = found > findings.length ? `${found} findings, ${findings.length} of them are here` : undefined
  const why = [problem, cut].filter((reason) => reason !== undefined)
  return why.length > 0 ? { findings, partial: why.join('; ') } : { findings }
}

function scanBody(body: Buffer, encoding: string, contentType: string, key: string | undefined): Scan {
  const decoded = decodeContent(body, encoding, bodyCaps)
  return scanned(scanAll(program(), redactionOf(key), [decoded.body], isForm(contentType)), decoded.problem)
}

/** By its first bytes (RFC 1952), for whoever has no headers. */
const isGzip = (body: Buffer): boolean => body[0] === 0x1f && body[1] === 0x8b && body[2] === 8

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
