/**
 * Bodies become what rules ask for. Promises: never throws, reads what can be read and says what was wrong; every cap
 * is in `limits.ts`. Never: a guess of the content type.
 */

export type Pair = readonly [name: string, value: string]

export type FilePart = {
  /** Of the form field. */
  readonly field: string
  readonly fileName: string
  readonly size: number
}

export type Body = {
  readonly arguments: readonly Pair[]
  readonly files: readonly FilePart[]
  /** Header lines of multipart parts, by the name of the part. */
  readonly partHeaders: readonly Pair[]
  /** All text of the document, and the value of each attribute. */
  readonly xml: { readonly text: string; readonly attributes: readonly string[] } | undefined
  /** Multipart only: ModSecurity's names of what is not as RFC 7578 wants it (`MULTIPART_…`). */
  readonly flags: ReadonlySet<MultipartFlag>
  /** What made the body unreadable; REQBODY_ERROR. */
  readonly error: string | undefined
}

export const multipartFlags = [
  'BOUNDARY_QUOTED',
  'BOUNDARY_WHITESPACE',
  'CRLF_LF_LINES',
  'DATA_AFTER',
  'DATA_BEFORE',
  'FILE_LIMIT_EXCEEDED',
  'HEADER_FOLDING',
  'INVALID_HEADER_FOLDING',
  'INVALID_PART',
  'INVALID_QUOTING',
  'LF_LINE',
  'MISSING_SEMICOLON',
  'UNMATCHED_BOUNDARY',
] as const
export type MultipartFlag = (typeof multipartFlags)[number]

export const emptyBody: Body = {
  arguments: [],
  files: [],
  partHeaders: [],
  xml: undefined,
  flags: new Set(),
  error: undefined,
}
