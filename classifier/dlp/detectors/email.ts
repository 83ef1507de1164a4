/** E-mail addresses as people write them (RFC 5321 without quoted local parts and address literals). */
import { at, isAlnum, slice } from '../bytes.ts'
import type { Detector } from '../model.ts'

const maxLocal = 64
const inLocal = Uint8Array.from({ length: 256 }, (_, b) => (/[A-Za-z0-9._%+'-]/.test(String.fromCharCode(b)) ? 1 : 0))
const domain = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}([A-Za-z]{2,24})(?![A-Za-z0-9-])/
/** `logo@2x.png` is a file. */
const files = new Set([
  'png',
  'jpg',
  'jpeg',
  'gif',
  'svg',
  'webp',
  'ico',
  'css',
  'js',
  'mjs',
  'ts',
  'json',
  'html',
  'php',
])

export const email: Detector = {
  name: 'email',
  trigger: { kind: 'words', words: ['@'], ignoreCase: false },
  find(text, from, to) {
    if (!isAlnum(at(text, to))) return undefined
    const start = localStart(text, from)
    const domainMatch = start < 0 ? null : domain.exec(slice(text, to, to + 200))
    if (!domainMatch || files.has(domainMatch[1]!.toLowerCase())) return undefined
    // The password of `scheme://user:password@host` is basic-auth's.
    if (at(text, start - 1) === 0x3a && /:\/\/[^\s/]*:$/.test(slice(text, start - 80, start))) return undefined
    return { start, end: to + domainMatch[0].length, strength: 'likely' }
  },
}

/** Where the part before the `@` begins; -1: there is none, or two full stops in a row are in it. */
function localStart(text: Buffer, from: number): number {
  const last = at(text, from - 1)
  if (inLocal[last] === 0 || last === 0x2e || last === 0x27) return -1
  let start = from - 1
  while (from - start < maxLocal && inLocal[at(text, start - 1)] === 1) {
    start--
    if (text[start] === 0x2e && text[start + 1] === 0x2e) return -1
  }
  while (start < from && ".'-".includes(String.fromCharCode(text[start]!))) start++
  return start < from ? start : -1
}
