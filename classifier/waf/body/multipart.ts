/**
 * multipart/form-data (RFC 7578) as strictly as ModSecurity: everything a backend might read in another way raises a flag
 * or is an error.
 */
import { maxBodyItems, maxPartHeaderBytes, maxPartHeaders } from './limits.ts'
import { type Body, emptyBody, type FilePart, type MultipartFlag, type Pair } from './model.ts'

export function parseMultipart(body: string, contentType: string): Body {
  const flags = new Set<MultipartFlag>()
  const boundary = boundaryOf(contentType, flags)
  if (boundary === undefined) return { ...emptyBody, flags, error: 'Multipart: no usable boundary in Content-Type' }
  return new Reader(body, boundary, flags).read()
}

const boundaryParameter = /;\s*boundary(\s*)=(\s*)("?)([^";,]*)\3/i

function boundaryOf(contentType: string, flags: Set<MultipartFlag>): string | undefined {
  const found = boundaryParameter.exec(contentType)
  if (!found) return undefined
  const [, before, after, quote, value] = found
  if (quote !== '') flags.add('BOUNDARY_QUOTED')
  if (before !== '' || after !== '' || /\s/.test(value!.trim())) flags.add('BOUNDARY_WHITESPACE')
  const boundary = value!.trim()
  return boundary === '' || boundary.length > 200 ? undefined : boundary
}

/** Its content as a place in the body: a line of its own for each would be memory that a sender chooses. */
type Part = { readonly headers: string[]; from: number; to: number; lastLine: string }

class Reader {
  readonly #arguments: Pair[] = []
  readonly #files: FilePart[] = []
  readonly #partHeaders: Pair[] = []
  readonly #delimiter: string
  readonly #flags: Set<MultipartFlag>
  #error: string | undefined
  #part: Part | undefined
  #inHeaders = false
  #ended = false

  readonly #body: string

  constructor(body: string, boundary: string, flags: Set<MultipartFlag>) {
    this.#body = body
    this.#delimiter = `--${boundary}`
    this.#flags = flags
  }

  read(): Body {
    const body = this.#body
    for (let at = 0; at < body.length; ) {
      const end = body.indexOf('\n', at) + 1 || body.length
      this.#line(body.slice(at, end), at)
      at = end
    }
    if (!this.#ended) this.#fail('the final boundary is missing')
    this.#close()
    return {
      ...emptyBody,
      arguments: this.#arguments,
      files: this.#files,
      partHeaders: this.#partHeaders,
      flags: this.#flags,
      error: this.#error,
    }
  }

  /** Of lines that say where parts begin and end, and what they are: what is in them may be any text. */
  #noteEnding(line: string): void {
    if (!line.endsWith('\n')) return
    if (!line.endsWith('\r\n')) this.#flags.add('LF_LINE')
    else this.#hasCrLf = true
    if (this.#hasCrLf && this.#flags.has('LF_LINE')) this.#flags.add('CRLF_LF_LINES')
  }
  #hasCrLf = false

  #line(line: string, at: number): void {
    const text = line.replace(/\r?\n$/, '')
    const bounds = text.startsWith(this.#delimiter)
    if (bounds) this.#noteEnding(this.#part?.lastLine ?? '')
    if (bounds || this.#inHeaders || this.#part === undefined) this.#noteEnding(line)
    if (bounds) {
      const rest = text.slice(this.#delimiter.length)
      if (rest === '' || rest === '--') {
        this.#close()
        if (rest === '') this.#open()
        else this.#ended = true
        return
      }
      this.#flags.add('UNMATCHED_BOUNDARY')
    }
    if (this.#ended) {
      if (text !== '') this.#flags.add('DATA_AFTER')
    } else if (this.#part === undefined) {
      if (text !== '') this.#flags.add('DATA_BEFORE')
      if (text.startsWith('--')) this.#flags.add('UNMATCHED_BOUNDARY')
    } else if (!this.#inHeaders) this.#content(this.#part, line, at)
    else if (text === '') this.#inHeaders = false
    else this.#header(this.#part, text)
  }

  #content(part: Part, line: string, at: number): void {
    if (part.to === 0) part.from = at
    part.to = at + line.length
    part.lastLine = line
  }

  #open(): void {
    if (this.#ended) this.#flags.add('DATA_AFTER')
    this.#part = { headers: [], from: 0, to: 0, lastLine: '' }
    this.#inHeaders = true
  }

  #header({ headers }: Part, text: string): void {
    if (text.length > maxPartHeaderBytes || headers.length === maxPartHeaders) {
      this.#fail('the headers of a part are too long')
      return
    }
    if (/^[ \t]/.test(text) && headers.length > 0) {
      this.#flags.add('HEADER_FOLDING')
      if (/[^\t\x20-\x7e\x80-\xff]/.test(text)) this.#flags.add('INVALID_HEADER_FOLDING')
      headers[headers.length - 1] += ` ${text.trim()}`
      return
    }
    if (!/^[\x21-\x39\x3b-\x7e]+\s*:/.test(text)) this.#fail('invalid part header')
    headers.push(text)
  }

  /** What was opened and is now complete becomes an argument or a file. */
  #close(): void {
    const part = this.#part
    this.#part = undefined
    if (!part) return
    const disposition = part.headers.find((header) => /^content-disposition\s*:/i.test(header))
    const { name, fileName } = this.#disposition(disposition)
    if (this.#partHeaders.length + this.#arguments.length >= maxBodyItems) {
      this.#fail(`more than ${maxBodyItems} parts`)
      return
    }
    for (const header of part.headers) this.#partHeaders.push([name, header])
    const to = part.to - (/\r?\n$/.exec(part.lastLine)?.[0].length ?? 0)
    if (fileName === undefined) this.#arguments.push([name, this.#body.slice(part.from, to)])
    else this.#files.push({ field: name, fileName, size: to - part.from })
  }

  #disposition(header: string | undefined): { name: string; fileName: string | undefined } {
    if (header === undefined) {
      this.#flags.add('INVALID_PART')
      this.#fail('a part has no Content-Disposition')
      return { name: '', fileName: undefined }
    }
    const value = header.slice(header.indexOf(':') + 1).trim()
    if (!/^form-data\b/i.test(value)) this.#fail('Content-Disposition is not form-data')
    const parameters = this.#parameters(value.replace(/^[^;\s]*/, ''))
    const name = parameters.get('name')
    if (name === undefined) this.#fail('a part has no name')
    return { name: name ?? '', fileName: parameters.get('filename') ?? parameters.get('filename*') }
  }

  #parameters(text: string): Map<string, string> {
    const found = new Map<string, string>()
    const parameter = /^\s*(;?)\s*([^\s=;]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|([^;\s]*))/s
    for (let rest = text; rest.trim() !== ''; ) {
      const match = parameter.exec(rest)
      if (!match) {
        if (rest.trim() !== ';') this.#fail('Content-Disposition can not be read')
        else this.#flags.add('INVALID_PART')
        break
      }
      const [whole, semicolon, name, double, single, bare] = match
      const quoted = double ?? single
      if (semicolon === '') {
        this.#flags.add('MISSING_SEMICOLON')
        this.#fail('a semicolon is missing in Content-Disposition')
      }
      // RFC 5987: the quotation marks of `filename*=UTF-8''…` are its own
      if (single !== undefined || (/['"]/.test(bare ?? '') && !name!.endsWith('*'))) this.#flags.add('INVALID_QUOTING')
      if (found.has(name!.toLowerCase())) this.#fail(`${name} stands twice in Content-Disposition`)
      found.set(name!.toLowerCase(), quoted?.replace(/\\([\\"'])/g, '$1') ?? bare!)
      rest = rest.slice(whole.length)
    }
    return found
  }

  #fail(message: string): void {
    this.#error ??= `Multipart: ${message}`
  }
}
