/** A request as the engines and rules want to see it: byte strings, decoded where senders encode. */
import type { PatternContext } from '../../xds-server/policy/sensor.ts'
import { decodeContent } from '../content/decoder.ts'
import { bodyCaps, isForm } from '../dlp/inspection.ts'
import type { HttpRequest, HttpResponse } from '../waf/engine/model.ts'
import { urlDecodeUni } from '../waf/transformations/url-decode-uni.ts'
import type { BodyPrefix, Header, RequestHead, ResponseHead } from './model.ts'

export const noBody: BodyPrefix = { bytes: new Uint8Array(0), end: true }

/** The first one of that name (lower case); empty where there is none. */
export const headerOf = (headers: readonly Header[], name: string): string =>
  headers.find(([other]) => other.toLowerCase() === name)?.[1] ?? ''

/** @param encoding the value of Content-Encoding */
export const isCoded = (encoding: string): boolean => !/^[\s,]*(?:identity[\s,]*)*$/i.test(encoding)

/** Without a copy. */
export const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** HTTP/2's authority is a Host header to rules. */
export function engineRequest(head: RequestHead, body: Uint8Array): HttpRequest {
  const hasHost = head.authority === '' || head.headers.some(([name]) => name.toLowerCase() === 'host')
  return {
    method: head.method,
    uri: head.path,
    protocol: head.protocol,
    headers: hasHost ? head.headers : [['Host', head.authority], ...head.headers],
    body: bufferOf(body).toString('latin1'),
    remoteAddress: head.source,
    uniqueId: head.incident,
  }
}

export const engineResponse = ({ status, headers }: ResponseHead, body: Uint8Array): HttpResponse => ({
  status,
  headers,
  body: bufferOf(body).toString('latin1'),
})

/** What patterns of a context look at, one after the other; a value counts once however many of them have it. */
export type Subjects = { readonly [C in PatternContext]: readonly string[] }

/** HTTP/2 has names in small letters, and Envoy writes them so; patterns are written with `User-Agent`. */
const spelled = (name: string): string => name.replace(/(?:^|-)[a-z]/g, (c) => c.toUpperCase())

function withDecoded(text: string): readonly string[] {
  const decoded = urlDecodeUni(text)
  return decoded === text ? [text] : [text, decoded]
}

/**
 * The path with its query, as sent and percent-decoded; each header as `name: value`, with its name as sent and as
 * `Content-Type`; the body without its content coding, form data also percent-decoded.
 */
export function subjectsOf(
  head: RequestHead,
  body: Uint8Array,
): { readonly subjects: Subjects; readonly partial: string | undefined } {
  const lines = head.headers.flatMap(([name, value]) => {
    const other = spelled(name)
    return other === name ? [`${name}: ${value}`] : [`${name}: ${value}`, `${other}: ${value}`]
  })
  const { body: decoded, problem } = decodeContent(bufferOf(body), headerOf(head.headers, 'content-encoding'), bodyCaps)
  const text = decoded.toString('latin1')
  const bodies = isForm(headerOf(head.headers, 'content-type')) ? withDecoded(text) : [text]
  return {
    subjects: { url: withDecoded(head.path), header: lines, body: text === '' ? [] : bodies },
    partial: problem,
  }
}
