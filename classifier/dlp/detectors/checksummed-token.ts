/** Tokens that carry their own check: 30 characters and the CRC-32 of them in base 62 (GitHub, npm). */
import { at, isWord, slice } from '../bytes.ts'
import { tokenChecksum } from '../checksums.ts'
import type { Detector } from '../model.ts'

export function checksummedToken(name: string, prefixes: readonly string[]): Detector {
  return {
    name,
    trigger: { kind: 'words', words: prefixes, ignoreCase: false },
    find(text, from, to) {
      const end = to + 36
      const value = slice(text, to, end)
      if (!prefixes.includes(slice(text, from, to)) || !/^[A-Za-z0-9]{36}$/.test(value)) return undefined
      if (isWord(at(text, from - 1)) || isWord(at(text, end))) return undefined
      return tokenChecksum(value.slice(0, 30)) === value.slice(30)
        ? { start: from, end, strength: 'certain' }
        : undefined
    },
  }
}
