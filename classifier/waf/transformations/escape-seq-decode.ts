/** ANSI C escapes. A backslash before anything else goes; `\x` without two digits stays, as does one at the end. */
import { controls } from './controls.ts'

const escapes = /\\(?:x([0-9a-fA-F]{2})|(x)|([0-7]{1,3})|([\s\S]))/g

export const escapeSeqDecode = (value: string): string =>
  value.includes('\\')
    ? value.replace(escapes, (all, hex?: string, broken?: string, octal?: string, other?: string) =>
        hex ? byteOf(hex, 16) : broken ? all : octal ? byteOf(octal, 8) : (controls[other!] ?? other!),
      )
    : value

const byteOf = (text: string, base: number): string => String.fromCharCode(Number.parseInt(text, base) & 0xff)
