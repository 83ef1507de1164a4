/**
 * Requests from files, as a sidecar would show them: one as it goes over the wire (HTTP/1), or NDJSON as `waf eval` takes
 * it. Never mends what is broken: what the file says is what is judged.
 */
import type { Header, RequestHead } from '../classifier/inspection/model.ts'
import { requestShape } from '../classifier/waf/ndjson.ts'
import type { Problem } from '../xds-server/policy/model.ts'
import { InputProblems } from './problems.ts'

export type WrittenRequest = {
  /** `line 3`; empty for the one of a raw file. */
  readonly name: string
  readonly head: RequestHead
  readonly body: Buffer
}

/** Throws `InputProblems` with the lines. */
export function requestsIn(bytes: Buffer): readonly WrittenRequest[] {
  return /^\s*\{/.test(bytes.subarray(0, 1_024).toString('latin1')) ? ndjson(bytes) : [raw(bytes)]
}

const fail = (...problems: readonly Problem[]): never => {
  throw new InputProblems(problems)
}

function ndjson(bytes: Buffer): readonly WrittenRequest[] {
  const lines = bytes.toString('utf8').split('\n')
  const problems: Problem[] = []
  const requests = lines.flatMap((line, i) => {
    const name = `line ${i + 1}`
    return line.trim() === '' ? [] : jsonRequest(line, name, problems)
  })
  return problems.length > 0 ? fail(...problems) : requests
}

function jsonRequest(line: string, name: string, problems: Problem[]): readonly WrittenRequest[] {
  const read = requestShape.safeParse(parseJson(line))
  if (!read.success) {
    problems.push(...read.error.issues.map(({ path, message }) => ({ path: [name, ...path].join('.'), message })))
    return []
  }
  const { method, uri, protocol, headers, body, remoteAddress = '' } = read.data
  const head = { method: bytesOf(method), path: bytesOf(uri), protocol, headers: headers.map(bytesOfBoth) }
  return [{ name, head: requestHead(head, remoteAddress), body: Buffer.from(body, 'base64') }]
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
const bytesOfBoth = ([name, value]: readonly [string, string]): Header => [bytesOf(name), bytesOf(value)]

type Start = Pick<RequestHead, 'method' | 'path' | 'protocol' | 'headers'>

function requestHead(start: Start, source: string): RequestHead {
  const host = start.headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? ''
  const [, authority = host, path = start.path] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(start.path) ?? []
  return { ...start, path: path === '' ? '/' : path, authority, source, incident: '' }
}

/** Lines may end as editors end them. */
function raw(bytes: Buffer): WrittenRequest {
  const text = bytes.toString('latin1')
  const end = /\r?\n\r?\n/.exec(text)
  const lines = text
    .slice(0, end?.index ?? text.length)
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
  const start = /^([!#$%&'*+.^_`|~\w-]+) (\S+) (HTTP\/1\.[01])$/.exec(lines[0]!)
  if (start === null) return fail({ path: 'line 1', message: 'must be a request line such as `GET /path HTTP/1.1`' })
  const headers = headersOf(lines.slice(1))
  const [, method, path, protocol] = start as unknown as readonly string[]
  const head = requestHead({ method: method!, path: path!, protocol: protocol!, headers }, '')
  return {
    name: '',
    head,
    body: bodyOf(bytes.subarray(end === null ? bytes.length : end.index + end[0].length), headers),
  }
}

function headersOf(lines: readonly string[]): readonly Header[] {
  const wrong: Problem[] = []
  const headers = lines.flatMap((line, i): readonly Header[] => {
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    if (name !== undefined) return [[name, value!]]
    wrong.push({ path: `line ${i + 2}`, message: 'must be a header such as `Host: shop`' })
    return []
  })
  return wrong.length > 0 ? fail(...wrong) : headers
}

/** As long as Content-Length says, because editors end files with a line end; otherwise the rest of the file. */
function bodyOf(rest: Buffer, headers: readonly Header[]): Buffer {
  const said = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1]
  if (said === undefined || !/^\d+$/.test(said)) return rest
  if (Number(said) <= rest.length) return rest.subarray(0, Number(said))
  return fail({ path: 'body', message: `has ${rest.length} bytes, and Content-Length says ${said}` })
}
