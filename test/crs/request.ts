/** A stage of the regression → the request go-ftw would send. */
import type { Header, HttpRequest } from '../../classifier/waf/engine/model.ts'
import type { StageInput } from './suite.ts'

const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

export function requestOf(input: StageInput): HttpRequest {
  if (input.encoded_request !== undefined)
    return parsed(Buffer.from(input.encoded_request, 'base64').toString('latin1'))
  const { method = 'GET', uri = '/', version = 'HTTP/1.1' } = input
  const given = Object.entries(input.headers ?? {}).map(([name, value]): Header => [bytes(name), bytes(String(value))])
  const { headers, body } = completed(given, input)
  return built({ method: bytes(method), uri: bytes(uri), protocol: version, headers, body })
}

function built(request: Omit<HttpRequest, 'line'>): HttpRequest {
  const { method, uri, protocol } = request
  return { remoteAddress: '172.17.0.1', uniqueId: 'test', ...request, line: `${method} ${uri} ${protocol}`.trimEnd() }
}

const named = (headers: readonly Header[], wanted: string): string | undefined =>
  headers.find(([name]) => name.toLowerCase() === wanted)?.[1]

/** What go-ftw adds unless a stage says `autocomplete_headers: false`. */
function completed(given: readonly Header[], { method = 'GET', data, autocomplete_headers = true }: StageInput) {
  const raw = data === undefined ? '' : bytes(templated(data))
  if (!autocomplete_headers) return { headers: given, body: raw }
  const headers = [...given]
  if (raw !== '' && named(headers, 'content-type') === undefined)
    headers.push(['Content-Type', 'application/x-www-form-urlencoded'])
  const body = encoded(raw, named(headers, 'content-type') ?? '')
  if (named(headers, 'connection') === undefined) headers.push(['Connection', 'close'])
  const sized = body !== '' || ['POST', 'PUT', 'PATCH'].includes(method)
  if (sized && named(headers, 'content-length') === undefined) headers.push(['Content-Length', String(body.length)])
  return { headers, body }
}

function encoded(body: string, contentType: string): string {
  if (/^multipart\/form-data/i.test(contentType)) return body.replace(/\r?\n/g, '\r\n')
  if (!/^application\/x-www-form-urlencoded/i.test(contentType)) return body
  return isEncoded(body) ? body : formEncoded(body)
}

/** Go's url.QueryUnescape changes something, or can not read it: then it is taken as encoded already. */
const isEncoded = (body: string): boolean => /%[0-9A-Fa-f]{2}|\+/.test(body) || /%(?![0-9A-Fa-f]{2})/.test(body)

/** As Go's url.QueryEscape does for each key and value. */
function formEncoded(body: string): string {
  return body.split('&').map(formPart).join('&')
}

function formPart(part: string): string {
  const equals = part.indexOf('=')
  if (equals === -1) return escaped(part)
  return `${escaped(part.slice(0, equals))}=${escaped(part.slice(equals + 1))}`
}

const escaped = (text: string): string =>
  text.replace(/[^A-Za-z0-9_.~-]/g, (char) =>
    char === ' ' ? '+' : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )

/** The one template function the suite uses. */
const templated = (text: string): string =>
  text.replace(/\{\{\s*"([^"]*)"\s*\|\s*repeat\s+(\d+)\s*\}\}/g, (_, what: string, times: string) =>
    what.repeat(Number(times)),
  )

/** A request as it stands on the wire. */
function parsed(raw: string): HttpRequest {
  const [head = '', ...rest] = raw.split(/\r?\n\r?\n(.*)/s)
  const [line = '', ...lines] = head.split(/\r?\n/)
  const [method = '', uri = '', protocol = ''] = line.split(' ')
  const headers = lines.map((text): Header => {
    const colon = text.indexOf(':')
    return [text.slice(0, colon), text.slice(colon + 1).trim()]
  })
  return built({ method, uri, protocol, headers, body: rest[0] ?? '' })
}
