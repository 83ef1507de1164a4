/** Private keys in PEM (RFC 7468, RFC 1421, OpenSSH, PGP), with something in them. */
import { slice } from '../bytes.ts'
import { maxFindingBytes } from '../limits.ts'
import type { Detector } from '../model.ts'

const head = /^-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----/
const content = /^(?:\s|[A-Za-z-]+: [^\n]*\n|\\[nr])*[A-Za-z0-9+/=]{16}/
const tail = /-----END [A-Z0-9 ]{0,40}-----/

export const privateKey: Detector = {
  name: 'private-key',
  trigger: { kind: 'words', words: ['-----BEGIN '], ignoreCase: false },
  find(text, from) {
    const window = slice(text, from, from + maxFindingBytes)
    const begin = head.exec(window)?.[0].length
    if (begin === undefined || !content.test(window.slice(begin, begin + 512))) return undefined
    const end = tail.exec(window)
    return { start: from, end: from + (end ? end.index + end[0].length : window.length), strength: 'certain' }
  },
}
