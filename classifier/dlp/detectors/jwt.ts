/** JSON web tokens (RFC 7519): three base64url parts, the first a JSON object with `alg`. */
import { at, isWord, slice } from '../bytes.ts'
import { maxFindingBytes } from '../limits.ts'
import type { Detector } from '../model.ts'

const maxHeader = 1000
const marker = /^\.eyJ[A-Za-z0-9_-]{4}/
const rest = /^\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?/

export const jwt: Detector = {
  name: 'jwt',
  trigger: { kind: 'words', words: ['eyJ'], ignoreCase: false },
  find(text, from) {
    const before = at(text, from - 1)
    if (isWord(before) || before === 0x2d || before === 0x2e) return undefined
    let dot = from
    while (dot - from < maxHeader && isBase64Url(at(text, dot))) dot++
    if (!marker.test(slice(text, dot, dot + 8)) || !hasAlgorithm(slice(text, from, dot))) return undefined
    const match = rest.exec(slice(text, dot, from + maxFindingBytes))!
    const end = dot + match[0].length
    const whole = match[1] !== undefined || end - from === maxFindingBytes
    return whole ? { start: from, end, strength: 'certain' } : undefined
  },
}

const isBase64Url = (byte: number): boolean => isWord(byte) || byte === 0x2d

/** Not parsed: JSON.parse takes microseconds to refuse, and whoever sends a thousand headers should not gain by it. */
function hasAlgorithm(header: string): boolean {
  const json = Buffer.from(header, 'base64url').toString('latin1')
  return json.endsWith('}') && /"alg"\s{0,4}:\s{0,4}"[A-Za-z0-9-]{2,20}"/.test(json)
}
