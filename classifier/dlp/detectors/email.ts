/** E-mail addresses as people write them (RFC 5321 without quoted local parts and address literals). */
import { at, isAlnum, slice } from '../bytes.ts'
import type { Detector } from '../model.ts'

const maxLocal = 64
const local = /[A-Za-z0-9_%+](?:[A-Za-z0-9._%+'-]*[A-Za-z0-9_%+-])?$/
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
    const before = local.exec(slice(text, from - maxLocal, from))
    const after = domain.exec(slice(text, to, to + 200))
    if (!before || !after || before[0].includes('..') || files.has(after[1]!.toLowerCase())) return undefined
    const start = from - before[0].length
    // The password of `scheme://user:password@host` is basic-auth's.
    if (at(text, start - 1) === 0x3a && /:\/\/[^\s/]*:$/.test(slice(text, start - 80, start))) return undefined
    return { start, end: to + after[0].length, strength: 'likely' }
  },
}
