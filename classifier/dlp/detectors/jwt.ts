/** JSON web tokens (RFC 7519): three base64url parts, the first a JSON object with `alg`. */
import { at, isWord, slice } from '../bytes.ts'
import { maxFindingBytes } from '../limits.ts'
import type { Detector } from '../model.ts'

const shape = /^(eyJ[A-Za-z0-9_-]{8,1000})\.eyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?/

export const jwt: Detector = {
  name: 'jwt',
  trigger: { kind: 'words', words: ['eyJ'], ignoreCase: false },
  find(text, from) {
    if (isWord(at(text, from - 1)) || at(text, from - 1) === 0x2d || at(text, from - 1) === 0x2e) return undefined
    const match = shape.exec(slice(text, from, from + maxFindingBytes))
    if (!match || !hasAlgorithm(match[1]!)) return undefined
    const whole = match[0].split('.').length === 3 || match[0].length === maxFindingBytes
    return whole ? { start: from, end: from + match[0].length, strength: 'certain' } : undefined
  },
}

function hasAlgorithm(header: string): boolean {
  try {
    return typeof JSON.parse(Buffer.from(header, 'base64url').toString()).alg === 'string'
  } catch {
    return false // not JSON: not a token
  }
}
