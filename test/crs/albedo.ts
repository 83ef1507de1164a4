/** The backend of the regression: `/reflect` answers what the request's JSON body says, everything else an empty 200. */
import type { Header, HttpRequest, HttpResponse } from '../../classifier/waf/engine/model.ts'

type Wanted = {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly encodedBody?: string
  readonly logMessage?: string
}

const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

export function answer({ uri, body }: Pick<HttpRequest, 'uri' | 'body'>): HttpResponse {
  const wanted = /^\/reflect(?:\?|$)/.test(uri) ? wantedBy(body) : undefined
  if (!wanted) return { status: 200, headers: [['Content-Length', '0']], body: '' }
  const text = wanted.encodedBody
    ? Buffer.from(wanted.encodedBody, 'base64').toString('latin1')
    : bytes(wanted.body ?? '')
  const given = Object.entries(wanted.headers ?? {}).map(([name, value]): Header => [name, bytes(String(value))])
  const typed = given.some(([name]) => name.toLowerCase() === 'content-type')
  const headers = typed || text === '' ? given : [...given, ['Content-Type', sniffed(text)] as const]
  return { status: wanted.status ?? 200, headers, body: text }
}

function wantedBy(body: string): Wanted | undefined {
  try {
    return JSON.parse(Buffer.from(body, 'latin1').toString('utf8')) as Wanted
  } catch {
    return undefined
  }
}

/** Go's net/http writes a type where the handler gave none (WHATWG's MIME sniffing, the part that matters here). */
function sniffed(text: string): string {
  const start = text.replace(/^[\t\n\f\r ]+/, '')
  if (/^<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)[ >]/i.test(start))
    return 'text/html; charset=utf-8'
  if (start.startsWith('<?xml')) return 'text/xml; charset=utf-8'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: bytes that text does not have are what it looks for
  return /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]/.test(text) ? 'application/octet-stream' : 'text/plain; charset=utf-8'
}
