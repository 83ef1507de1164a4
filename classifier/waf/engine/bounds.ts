/** Messages cut to what is looked at (`limits.ts`), and what to say of the rest. */
import type { Pair } from '../body/model.ts'
import { maxArgumentsGrowth, maxHeaders, maxLineBytes } from '../limits.ts'
import type { Header, HttpRequest } from './model.ts'

/** `cut`: what was left out; undefined where nothing was. */
export type Bounded<T> = { readonly kept: T; readonly cut: string | undefined }

export function boundedText(text: string, most: number, what: string): Bounded<string> {
  if (text.length <= most) return { kept: text, cut: undefined }
  return { kept: text.slice(0, most), cut: `the first ${most} of ${text.length} bytes of ${what}` }
}

export function boundedHeaders(headers: readonly Header[]): Bounded<readonly Header[]> {
  const isLong = ([name, value]: Header): boolean => name.length + value.length > maxLineBytes
  const few = headers.slice(0, maxHeaders)
  const short = few.some(isLong) ? few.map(shortened) : few
  if (headers.length > maxHeaders) return { kept: short, cut: `the first ${maxHeaders} of ${headers.length} headers` }
  return { kept: short, cut: few.some(isLong) ? `the first ${maxLineBytes} bytes of a header` : undefined }
}

const shortened = ([name, value]: Header): Header => [
  name.slice(0, maxLineBytes),
  value.slice(0, Math.max(0, maxLineBytes - name.length)),
]

export function boundedRequest(request: HttpRequest): Bounded<HttpRequest> {
  const headers = boundedHeaders(request.headers)
  const uri = boundedText(request.uri, maxLineBytes, 'the URI')
  const line = boundedText(request.line ?? '', 2 * maxLineBytes, 'the request line')
  const method = boundedText(request.method, maxLineBytes, 'the method')
  const cut = uri.cut ?? headers.cut ?? line.cut ?? method.cut
  if (cut === undefined) return { kept: request, cut }
  const kept = { ...request, uri: uri.kept, headers: headers.kept, method: method.kept }
  return { kept: request.line === undefined ? kept : { ...kept, line: line.kept }, cut }
}

/** Arguments of a body whose limit is `most` bytes. */
export function boundedArguments(pairs: readonly Pair[], most: number): Bounded<readonly Pair[]> {
  const limit = most * maxArgumentsGrowth
  let bytes = 0
  for (const [at, [name, value]] of pairs.entries()) {
    bytes += name.length + value.length
    if (bytes > limit)
      return { kept: pairs.slice(0, at), cut: `the first ${at} of ${pairs.length} arguments: ${limit} bytes` }
  }
  return { kept: pairs, cut: undefined }
}
