/**
 * multipart/form-data (RFC 7578) as strictly as ModSecurity: everything a backend might read in another way raises a flag
 * or is an error.
 */
import { maxBodyItems } from './limits.ts'
import { type Body, emptyBody, type FilePart, type MultipartFlag, type Pair } from './model.ts'

export function parseMultipart(body: string, contentType: string): Body {
  const flags = new Set<MultipartFlag>()
  const boundary = boundaryOf(contentType, flags)
  if (boundary === undefined) return { ...emptyBody, flags, error: 'Multipart: no usable boundary in Content-Type' }
  return new Reader(boundary, flags).read(body)
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

type Part = { readonly headers: string[]; readonly lines: string[] }

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

  constructor(boundary: string, flags: Set<MultipartFlag>) {
    this.#delimiter = `--${boundary}`
    this.#flags = flags
  }

  read(body: string): Body {
    for (const line of body.match(/[^\n]*\n|[^\n]+$/g) ?? []) this.#line(line)
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

  #line(line: string): void {
    const text = line.replace(/\r?\n$/, '')
    const bounds = text.startsWith(this.#delimiter)
    if (bounds) this.#noteEnding(this.#part?.lines.at(-1) ?? '')
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
    } else if (!this.#inHeaders) this.#part.lines.push(line)
    else if (text === '') this.#inHeaders = false
    else this.#header(this.#part, text)
  }

  #open(): void {
    if (this.#ended) this.#flags.add('DATA_AFTER')
    this.#part = { headers: [], lines: [] }
    this.#inHeaders = true
  }

  #header({ headers }: Part, text: string): void {
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
    const content = part.lines.join('').replace(/\r?\n$/, '')
    if (fileName === undefined) this.#arguments.push([name, content])
    else this.#files.push({ field: name, fileName, size: content.length })
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
    const parameter = /^\s*(;?)\s*([^\s=;]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^;\s]*))/s
    for (let rest = text; rest.trim() !== ''; ) {
      const match = parameter.exec(rest)
      if (!match) {
        if (rest.trim() !== ';') this.#fail('Content-Disposition can not be read')
        else this.#flags.add('INVALID_PART')
        break
      }
      const [whole, semicolon, name, quoted, bare] = match
      if (semicolon === '') this.#flags.add('MISSING_SEMICOLON')
      if (bare !== undefined && /['"]/.test(bare)) this.#flags.add('INVALID_QUOTING')
      if (found.has(name!.toLowerCase())) this.#fail(`${name} stands twice in Content-Disposition`)
      found.set(name!.toLowerCase(), quoted?.replace(/\\([\\"])/g, '$1') ?? bare!)
      rest = rest.slice(whole.length)
    }
    return found
  }

  #fail(message: string): void {
    this.#error ??= `Multipart: ${message}`
  }
}
