/**
 * What an HTTP/1.1 server does with a request before the WAF sees it, as far as the regression's expectations (written
 * with Apache httpd) rest on it.
 */
import type { Header, HttpRequest } from '../../classifier/waf/engine/model.ts'

/** Undefined: refused with 400, no rule ever runs. */
export function received(request: HttpRequest): HttpRequest | undefined {
  if (request.headers.some(([, value]) => /[\0\r\n]/.test(value))) return undefined // RFC 9112 2.2, RFC 9110 5.5
  const headers = framed(joined(request.headers))
  const sized = headers.some(([name]) => /^(?:content-length|transfer-encoding)$/i.test(name))
  return {
    ...request,
    headers,
    body: sized ? request.body : '', // RFC 9112 6.3: without them there is no body
    protocol: request.protocol || 'HTTP/0.9',
  }
}

/** RFC 9110 5.3: repeated fields are one list. */
function joined(headers: readonly Header[]): readonly Header[] {
  const found = new Map<string, Header>()
  for (const [name, value] of headers) {
    const before = found.get(name.toLowerCase())
    found.set(name.toLowerCase(), before ? [before[0], `${before[1]}, ${value}`] : [name, value])
  }
  return [...found.values()]
}

/** RFC 9112 6.3: Transfer-Encoding overrides Content-Length, which is removed. */
function framed(headers: readonly Header[]): readonly Header[] {
  const chunked = headers.some(([name]) => name.toLowerCase() === 'transfer-encoding')
  return chunked ? headers.filter(([name]) => name.toLowerCase() !== 'content-length') : headers
}
