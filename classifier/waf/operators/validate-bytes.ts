/** The operators that match what is *not* well formed. */
import { byte, noBytes } from '../rx/bytes.ts'
import { utf8Sequences } from '../transformations/utf8-sequences.ts'
import type { Operator, OperatorFactory } from './operator.ts'

/** `1,32-126`: matches when a byte is outside. Nothing listed: every byte is. */
export const validateByteRange: OperatorFactory = (argument) => {
  const allowed = new Uint8Array(256)
  for (const entry of argument.split(',').map((text) => text.trim())) {
    if (entry === '') continue
    const [, from, to] = /^(\d{1,3})(?:\s*-\s*(\d{1,3}))?$/.exec(entry) ?? []
    const last = Number(to ?? from)
    if (from === undefined || last > 255 || Number(from) > last) return { message: `${entry} is not a range of bytes` }
    allowed.fill(1, Number(from), last + 1)
  }
  const operator: Operator = (value) => {
    for (let at = 0; at < value.length; at++) {
      if (allowed[value.charCodeAt(at)] === 0) return { matched: value[at]! }
    }
    return undefined
  }
  const others = Array.from(allowed.keys()).filter((value) => allowed[value] === 0)
  const set = others.reduce((all, value) => all | byte(value), noBytes)
  return Object.assign(operator, { pattern: { kind: 'byte', set } as const })
}

/** Matches when a `%` is not followed by two hexadecimal digits. */
export const validateUrlEncoding: OperatorFactory = () => (value) => {
  const found = /%(?![0-9a-fA-F]{2}).{0,2}/s.exec(value)
  return found ? { matched: found[0] } : undefined
}

/** Matches when the value is not UTF-8 (shortest forms only, no surrogates, up to U+10FFFF). */
export const validateUtf8Encoding: OperatorFactory = () => (value) => {
  if (!/[\x80-\xff]/.test(value)) return undefined
  const rest = /[\x80-\xff]/.exec(value.replace(utf8Sequences, ''))
  return rest ? { matched: rest[0] } : undefined
}
