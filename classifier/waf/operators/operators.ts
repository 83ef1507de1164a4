/**
 * The operators of ModSecurity v3 (and Coraza's `validateNid`), each under its name; names are matched without case.
 * Promises: made once per rule, pure, time bounded for every value (patterns: `rx/regex.ts`). A rule whose operator
 * can not be had is refused when it is loaded, never silently without effect.
 */
import { noMatch, unconditionalMatch } from './constant.ts'
import { ipMatch, ipMatchFromFile } from './ip-match.ts'
import { detectSQLi, detectXSS } from './libinjection.ts'
import { eq, ge, gt, le, lt } from './number.ts'
import type { OperatorFactory } from './operator.ts'
import { pm, pmFromFile } from './phrases.ts'
import { fuzzyHash, geoLookup, gsbLookup, inspectFile, rbl, rsub, validateDTD, validateHash } from './refused.ts'
import { rx, rxGlobal } from './rx.ts'
import { beginsWith, contains, containsWord, endsWith, streq, within } from './text.ts'
import { validateByteRange, validateUrlEncoding, validateUtf8Encoding } from './validate-bytes.ts'
import { validateSchema } from './validate-schema.ts'
import { validateNid, verifyCC, verifyCPF, verifySSN, verifySVNR } from './verify.ts'

export const operators: Readonly<Record<string, OperatorFactory>> = {
  beginsWith,
  contains,
  containsWord,
  detectSQLi,
  detectXSS,
  endsWith,
  eq,
  fuzzyHash,
  ge,
  geoLookup,
  gsbLookup,
  gt,
  inspectFile,
  ipMatch,
  ipMatchF: ipMatchFromFile,
  ipMatchFromFile,
  le,
  lt,
  noMatch,
  pm,
  pmf: pmFromFile,
  pmFromFile,
  rbl,
  rsub,
  rx,
  rxGlobal,
  streq,
  strmatch: contains,
  unconditionalMatch,
  validateByteRange,
  validateDTD,
  validateHash,
  validateNid,
  validateSchema,
  validateUrlEncoding,
  validateUtf8Encoding,
  verifyCC,
  verifyCPF,
  verifySSN,
  verifySVNR,
  within,
}
