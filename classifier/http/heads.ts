/** The beginning of a message, from Envoy's words into the inspection's. */
import { headerCopies, requestAttributes } from '../../xds-server/compile/names.ts'
import { isUpload as isUploadType } from '../../xds-server/policy/inspection-plan.ts'
import type { Header, RequestHead, ResponseHead } from '../inspection/model.ts'
import type { Headers } from './messages/request.ts'

/** Copy → header. */
const copies: ReadonlyMap<string, string> = new Map(Object.entries(headerCopies).map(([name, copy]) => [copy, name]))

/** `10.0.0.1:1234` and `[::1]:1234` without the port. */
const withoutPort = (address: string): string => address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')

function plainHeaders(headers: readonly Header[]): readonly Header[] {
  const there = new Set(headers.map(([name]) => name))
  return headers
    .filter(([name]) => !name.startsWith(':') && !there.has(copies.get(name) ?? ''))
    .map(([name, value]): Header => [copies.get(name) ?? name, value])
}

const headerValue = (headers: readonly Header[], name: string): string =>
  headers.find((header) => header[0] === name)?.[1] ?? ''

export function requestHead({ headers, attributes }: Headers): RequestHead {
  return {
    method: headerValue(headers, ':method'),
    path: headerValue(headers, ':path'),
    authority: headerValue(headers, ':authority'),
    protocol: attributes.get(requestAttributes.protocol) ?? '',
    headers: plainHeaders(headers),
    source: withoutPort(attributes.get(requestAttributes.source) ?? ''),
    incident: attributes.get(requestAttributes.incident) ?? '',
  }
}

export function responseHead({ headers }: Headers): ResponseHead {
  return {
    status: Number(headerValue(headers, ':status')) || 0,
    headers: headers.filter(([name]) => !name.startsWith(':')),
  }
}

/** A form whose files are told from its fields (RFC 7578). */
export const isUpload = ({ headers }: RequestHead): boolean => isUploadType(headerValue(headers, 'content-type'))

/** Server-sent events never end by themselves: nobody waits for one to be complete. */
export const isEventStream = ({ headers }: ResponseHead): boolean =>
  /^text\/event-stream\s*(?:$|;)/i.test(headerValue(headers, 'content-type'))
