/**
 * The transformations of ModSecurity v3 under their names. Promises: pure, bytes in and bytes out (latin1 strings), time
 * linear in the value, and a value that nothing applies to comes back as it is. `none` is the linker's: it is no change.
 */
import { base64Decode } from './base64-decode.ts'
import { base64DecodeExt } from './base64-decode-ext.ts'
import { base64Encode } from './base64-encode.ts'
import { cmdLine } from './cmd-line.ts'
import { compressWhitespace } from './compress-whitespace.ts'
import { cssDecode } from './css-decode.ts'
import { escapeSeqDecode } from './escape-seq-decode.ts'
import { hexDecode } from './hex-decode.ts'
import { hexEncode } from './hex-encode.ts'
import { htmlEntityDecode } from './html-entity-decode.ts'
import { jsDecode } from './js-decode.ts'
import { length } from './length.ts'
import { lowercase } from './lowercase.ts'
import { md5 } from './md5.ts'
import { normalisePath } from './normalise-path.ts'
import { normalisePathWin } from './normalise-path-win.ts'
import { parityEven7bit, parityOdd7bit, parityZero7bit } from './parity.ts'
import { removeComments } from './remove-comments.ts'
import { removeCommentsChar } from './remove-comments-char.ts'
import { removeNulls } from './remove-nulls.ts'
import { removeWhitespace } from './remove-whitespace.ts'
import { replaceComments } from './replace-comments.ts'
import { replaceNulls } from './replace-nulls.ts'
import { sha1 } from './sha1.ts'
import { sqlHexDecode } from './sql-hex-decode.ts'
import { trim, trimLeft, trimRight } from './trim.ts'
import { uppercase } from './uppercase.ts'
import { urlDecode } from './url-decode.ts'
import { urlDecodeUni } from './url-decode-uni.ts'
import { urlEncode } from './url-encode.ts'
import { utf8toUnicode } from './utf8-to-unicode.ts'

export type Transformation = (value: string) => string

export const transformations: Readonly<Record<string, Transformation>> = {
  base64Decode,
  base64DecodeExt,
  base64Encode,
  cmdLine,
  compressWhitespace,
  cssDecode,
  escapeSeqDecode,
  hexDecode,
  hexEncode,
  htmlEntityDecode,
  jsDecode,
  length,
  lowercase,
  md5,
  none: (value) => value,
  normalisePath,
  normalizePath: normalisePath,
  normalisePathWin,
  normalizePathWin: normalisePathWin,
  parityEven7bit,
  parityOdd7bit,
  parityZero7bit,
  removeComments,
  removeCommentsChar,
  removeNulls,
  removeWhitespace,
  replaceComments,
  replaceNulls,
  sha1,
  sqlHexDecode,
  trim,
  trimLeft,
  trimRight,
  uppercase,
  urlDecode,
  urlDecodeUni,
  urlEncode,
  utf8toUnicode,
}
