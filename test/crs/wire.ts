/** A stage of the regression → the bytes go-ftw would send, with a header by which the server's log entry is found again. */
import { requestOf } from './request.ts'
import type { StageInput } from './suite.ts'

/** Its name must be no one's else, and nothing any rule looks for. */
export const requestIdHeader = 'x-crs-stage'

/**
 * Whole requests of the suite (`encoded_request`) are sent as they are but for that header. One without a header section
 * (HTTP/0.9) stays without it, and can not be found again.
 */
export function wireOf(input: StageInput, id: string): Buffer {
  return Buffer.from(
    input.encoded_request === undefined ? written(input, id) : marked(input.encoded_request, id),
    'latin1',
  )
}

function written(input: StageInput, id: string): string {
  const { line, headers, body } = requestOf(input)
  const lines = [line, `${requestIdHeader}: ${id}`, ...headers.map(([name, value]) => `${name}: ${value}`)]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

function marked(encoded: string, id: string): string {
  const raw = Buffer.from(encoded, 'base64').toString('latin1')
  const firstLine = /^[^\r\n]*HTTP\/\d[^\r\n]*(\r?\n)/.exec(raw)
  if (!firstLine) return raw
  const { 0: line, 1: end } = firstLine
  return `${line}${requestIdHeader}: ${id}${end}${raw.slice(line.length)}`
}
