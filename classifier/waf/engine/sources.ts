/** Where the values of each variable come from: one line each. */

import { maxBodyItems } from '../body/limits.ts'
import type { multipartFlags, Pair } from '../body/model.ts'
import { decodeEscapes, hasBadEscape, parseUrlEncoded } from '../body/urlencoded.ts'
import type { Collection } from '../seclang/collections.ts'
import { headerOf, type Store, type Transaction } from './transaction.ts'
import { Value } from './value.ts'

type Source = (t: Transaction) => string | readonly Pair[]

/** The path without scheme and authority, as ModSecurity's REQUEST_URI. */
const relative = (uri: string): string => uri.replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/, '') || '/'
/** Escapes undone, as ModSecurity has it: rules without transformations look at it. */
const path = ({ request }: Transaction): string => decodeEscapes(/^[^?#]*/.exec(relative(request.uri))![0])
const basename = (text: string): string => text.slice(Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1)
const query = ({ request }: Transaction): string => /\?([^#]*)/.exec(request.uri)?.[1] ?? ''
const line = ({ request: { line, method, uri, protocol } }: Transaction): string =>
  line ?? `${method} ${uri} ${protocol}`
const headers = (t: Transaction): string => t.request.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')

const getArguments = (t: Transaction) =>
  few(t, parseUrlEncoded(query(t), t.ruleSet.configuration.argumentSeparator), 'arguments')

function few(t: Transaction, pairs: readonly Pair[], what: string): readonly Pair[] {
  if (pairs.length <= maxBodyItems) return pairs
  t.partial ??= `the first ${maxBodyItems} ${what}`
  return pairs.slice(0, maxBodyItems)
}

const postArguments = (t: Transaction) => t.body.arguments
const allArguments = (t: Transaction): readonly Pair[] => [...getArguments(t), ...postArguments(t)]
const names = (pairs: readonly Pair[]): readonly Pair[] => pairs.map(([name]) => [name, name])
const size = (pairs: readonly Pair[]): string =>
  String(pairs.reduce((sum, [name, value]) => sum + name.length + value.length, 0))

/** Netscape cookies: split at `;`, nothing is decoded. */
function cookies(t: Transaction): readonly Pair[] {
  const found = t.request.headers
    .filter(([name]) => name.toLowerCase() === 'cookie')
    .flatMap(([, value]) => value.split(';', maxBodyItems + 1))
    .map((part) => part.replace(/^\s+/, ''))
    .filter((part) => part !== '')
    .map((part): Pair => {
      const equals = part.indexOf('=')
      return equals === -1 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)]
    })
  return few(t, found, 'cookies')
}

/** ModSecurity keeps the body where it was form data, or where a rule asked for it. */
const rawBody = (t: Transaction): string =>
  t.bodyProcessor === 'URLENCODED' || t.forceBodyVariable ? t.requestBody : ''

const flag = (yes: boolean): string => (yes ? '1' : '0')
const stored = (store: Store): readonly Pair[] => [...store.values()].map(({ key, text }) => [key, text])
const persistent =
  (name: string): Source =>
  (t) =>
    stored(t.store(name)!)
const multipartFlag =
  (name: (typeof multipartFlags)[number]): Source =>
  ({ body }) =>
    flag(body.flags.has(name))
/** ModSecurity: a multipart body that can not be read, or any of the flags but an unmatched boundary. */
const strictError: Source = ({ body, bodyProcessor }) =>
  flag(
    (bodyProcessor === 'MULTIPART' && body.error !== undefined) ||
      [...body.flags].some((name) => !lenientFlags.has(name)),
  )
const lenientFlags: ReadonlySet<string> = new Set(['UNMATCHED_BOUNDARY', 'CRLF_LF_LINES'])

const responseHeaders = ({ response }: Transaction): readonly Pair[] => response?.headers ?? []
const responseHeader =
  (name: string): Source =>
  ({ response }) =>
    headerOf(response?.headers ?? [], name) ?? ''

const now =
  (part: (date: Date) => string | number): Source =>
  () =>
    String(part(new Date()))

export const sources: Readonly<Record<Collection, Source>> = {
  TX: persistent('TX'),
  IP: persistent('IP'),
  GLOBAL: persistent('GLOBAL'),
  SESSION: persistent('SESSION'),
  USER: persistent('USER'),
  RESOURCE: persistent('RESOURCE'),
  MATCHED_VAR: ({ matched }) => matched.text,
  MATCHED_VAR_NAME: ({ matched }) => matched.name,
  MATCHED_VARS: ({ chainMatches }) => chainMatches.map((value) => [value.name, value.text]),
  MATCHED_VARS_NAMES: ({ chainMatches }) => chainMatches.map((value) => [value.name, value.name]),
  RULE: () => [],
  ENV: () => [],
  DURATION: () => '0',
  ARGS: allArguments,
  ARGS_COMBINED_SIZE: (t) => size(allArguments(t)),
  ARGS_GET: getArguments,
  ARGS_GET_NAMES: (t) => names(getArguments(t)),
  ARGS_NAMES: (t) => names(allArguments(t)),
  ARGS_POST: postArguments,
  ARGS_POST_NAMES: (t) => names(postArguments(t)),
  AUTH_TYPE: ({ request }) => headerOf(request.headers, 'authorization')?.split(' ', 1)[0] ?? '',
  FILES: ({ body }) => body.files.map(({ field, fileName }) => [field, fileName]),
  FILES_COMBINED_SIZE: ({ body }) => String(body.files.reduce((sum, file) => sum + file.size, 0)),
  FILES_NAMES: ({ body }) => body.files.map(({ field }) => [field, field]),
  FILES_SIZES: ({ body }) => body.files.map(({ field, size }) => [field, String(size)]),
  FULL_REQUEST: (t) => `${line(t)}\r\n${headers(t)}\r\n${t.requestBody}`,
  FULL_REQUEST_LENGTH: (t) => String(line(t).length + headers(t).length + t.requestBody.length + 4),
  INBOUND_DATA_ERROR: ({ requestCut }) => flag(requestCut),
  MULTIPART_BOUNDARY_QUOTED: multipartFlag('BOUNDARY_QUOTED'),
  MULTIPART_BOUNDARY_WHITESPACE: multipartFlag('BOUNDARY_WHITESPACE'),
  MULTIPART_CRLF_LF_LINES: multipartFlag('CRLF_LF_LINES'),
  MULTIPART_DATA_AFTER: multipartFlag('DATA_AFTER'),
  MULTIPART_DATA_BEFORE: multipartFlag('DATA_BEFORE'),
  MULTIPART_FILENAME: ({ body }) => body.files.at(-1)?.fileName ?? '',
  MULTIPART_FILE_LIMIT_EXCEEDED: multipartFlag('FILE_LIMIT_EXCEEDED'),
  MULTIPART_HEADER_FOLDING: multipartFlag('HEADER_FOLDING'),
  MULTIPART_INVALID_HEADER_FOLDING: multipartFlag('INVALID_HEADER_FOLDING'),
  MULTIPART_INVALID_PART: multipartFlag('INVALID_PART'),
  MULTIPART_INVALID_QUOTING: multipartFlag('INVALID_QUOTING'),
  MULTIPART_LF_LINE: multipartFlag('LF_LINE'),
  MULTIPART_MISSING_SEMICOLON: multipartFlag('MISSING_SEMICOLON'),
  MULTIPART_NAME: ({ body }) => body.files.at(-1)?.field ?? '',
  MULTIPART_PART_HEADERS: ({ body }) => body.partHeaders,
  MULTIPART_STRICT_ERROR: strictError,
  MULTIPART_UNMATCHED_BOUNDARY: multipartFlag('UNMATCHED_BOUNDARY'),
  PATH_INFO: path,
  QUERY_STRING: query,
  REMOTE_ADDR: ({ request }) => request.remoteAddress ?? '',
  REMOTE_HOST: ({ request }) => request.remoteAddress ?? '',
  REMOTE_PORT: () => '',
  REMOTE_USER: () => '',
  REQBODY_ERROR: ({ body }) => flag(body.error !== undefined),
  REQBODY_ERROR_MSG: ({ body }) => body.error ?? '',
  REQBODY_PROCESSOR: ({ bodyProcessor }) => bodyProcessor,
  REQBODY_PROCESSOR_ERROR: ({ body }) => flag(body.error !== undefined),
  REQBODY_PROCESSOR_ERROR_MSG: ({ body }) => body.error ?? '',
  REQUEST_BASENAME: (t) => basename(path(t)),
  REQUEST_BODY: rawBody,
  REQUEST_BODY_LENGTH: ({ requestBody }) => String(requestBody.length),
  REQUEST_COOKIES: cookies,
  REQUEST_COOKIES_NAMES: (t) => names(cookies(t)),
  REQUEST_FILENAME: path,
  REQUEST_HEADERS: ({ request }) => request.headers,
  REQUEST_HEADERS_NAMES: ({ request }) => names(request.headers),
  REQUEST_LINE: line,
  REQUEST_METHOD: ({ request }) => request.method,
  REQUEST_PROTOCOL: ({ request }) => request.protocol,
  REQUEST_URI: ({ request }) => relative(request.uri),
  REQUEST_URI_RAW: ({ request }) => request.uri,
  SERVER_ADDR: () => '',
  SERVER_NAME: ({ request }) => (headerOf(request.headers, 'host') ?? '').replace(/:\d+$/, ''),
  SERVER_PORT: ({ request }) => /:(\d+)$/.exec(headerOf(request.headers, 'host') ?? '')?.[1] ?? '80',
  UNIQUE_ID: ({ request }) => request.uniqueId ?? '',
  URLENCODED_ERROR: (t) =>
    flag(hasBadEscape(query(t)) || (t.bodyProcessor === 'URLENCODED' && hasBadEscape(t.requestBody))),
  XML: ({ body: { xml } }) =>
    xml === undefined ? [] : [['/*', xml.text], ...xml.attributes.map((value): Pair => ['//@*', value])],
  OUTBOUND_DATA_ERROR: ({ responseCut }) => flag(responseCut),
  RESPONSE_BODY: ({ responseBody }) => responseBody,
  RESPONSE_CONTENT_LENGTH: ({ responseBody }) => String(responseBody.length),
  RESPONSE_CONTENT_TYPE: responseHeader('content-type'),
  RESPONSE_HEADERS: responseHeaders,
  RESPONSE_HEADERS_NAMES: (t) => names(responseHeaders(t)),
  RESPONSE_PROTOCOL: ({ response }) => response?.protocol ?? 'HTTP/1.1',
  RESPONSE_STATUS: ({ response }) => String(response?.status ?? ''),
  STATUS_LINE: ({ response }) => `${response?.protocol ?? 'HTTP/1.1'} ${response?.status ?? ''}`,
  TIME: now((date) => date.toISOString().slice(11, 19)),
  TIME_DAY: now((date) => date.getUTCDate()),
  TIME_EPOCH: now((date) => Math.floor(date.getTime() / 1000)),
  TIME_HOUR: now((date) => date.getUTCHours()),
  TIME_MIN: now((date) => date.getUTCMinutes()),
  TIME_MON: now((date) => date.getUTCMonth()),
  TIME_SEC: now((date) => date.getUTCSeconds()),
  TIME_WDAY: now((date) => date.getUTCDay()),
  TIME_YEAR: now((date) => date.getUTCFullYear()),
}

/** Variables without keys that are not there at all, instead of empty, where there is nothing to see. */
const absentWhenEmpty: ReadonlySet<string> = new Set<Collection>(['REQUEST_BODY', 'RESPONSE_BODY', 'REMOTE_ADDR'])

export function valuesOf(t: Transaction, collection: string): readonly Value[] {
  const found = sources[collection as Collection](t)
  if (typeof found !== 'string') return found.map(([key, text]) => new Value(collection, key, text))
  return found === '' && absentWhenEmpty.has(collection) ? [] : [new Value(collection, undefined, found)]
}
