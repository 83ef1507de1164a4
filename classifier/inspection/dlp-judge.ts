/** One message judged by all DLP sensors of a profile, in one pass. */
import { bodyCaps, type Inspection } from '../dlp/inspection.ts'
import { inBody, maskBody } from '../dlp/mask.ts'
import type { CompiledProfile } from './compiled.ts'
import { dlpResult } from './dlp-result.ts'
import { bufferOf, headerOf, isCoded } from './message.ts'
import type { BodyPrefix, Header } from './model.ts'
import type { Replacement, Result } from './result.ts'

export type DlpMembers = NonNullable<CompiledProfile['dlp']>

export type DlpMessage = {
  /** Path and query: of the request, also where the message is its response. */
  readonly url: string
  readonly headers: readonly Header[]
  readonly isResponse: boolean
  /** Bytes that are held of its body. */
  readonly held: number
}

export type DlpJudged = { readonly result: Result; readonly replacement: Replacement | undefined }

/** A message as it is: of a body without end, what is there is all that is looked at. */
export function judgeDlp(dlp: DlpMembers, message: DlpMessage, { bytes, end }: BodyPrefix): DlpJudged {
  const inspection = beginDlp(dlp, message)
  if (dlp.contexts.has('body')) inspection.push('body', bufferOf(bytes))
  const verdict = inspection.finish()
  const seen = { bytes: bytes.length, isCut: !end && bytes.length >= message.held }
  const result = dlpResult(verdict, dlp.members, seen, message.isResponse)
  const spans = verdict.sensors.flatMap(({ masks }) => masks)
  if (result.refusal !== undefined || spans.length === 0) return { result, replacement: undefined }
  const encoding = headerOf(message.headers, 'content-encoding')
  const masked = maskBody(bufferOf(bytes), encoding, spans.toSorted(inBody), bodyCaps)
  // What can not be decoded to its end can not be masked either.
  if (!masked.ok) return { result: { ...result, refusal: 403 }, replacement: undefined }
  return { result, replacement: { masked: masked.value, decoded: isCoded(encoding) } }
}

/** URL and headers are in. */
export function beginDlp({ engine, contexts }: DlpMembers, { url, headers }: DlpMessage): Inspection {
  const inspection = engine.begin({
    contentType: headerOf(headers, 'content-type'),
    contentEncoding: headerOf(headers, 'content-encoding'),
  })
  if (contexts.has('url')) inspection.push('url', Buffer.from(url, 'latin1'))
  if (contexts.has('header')) inspection.push('header', Buffer.from(linesOf(headers), 'latin1'))
  return inspection
}

function linesOf(headers: readonly Header[]): string {
  let lines = ''
  for (const [name, value] of headers) lines += `${name}: ${value}\n`
  return lines
}
