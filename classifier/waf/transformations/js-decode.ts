/** JavaScript escapes: `\uHHHH` (its lowest byte; full-width ASCII becomes plain), `\xHH`, octal, letters; else the backslash goes. */
import { controls } from './controls.ts'
import { lowestByte } from './lowest-byte.ts'

const escapes = /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-3][0-7]{2}|[0-7]{1,2})|([\s\S]))/g

export const jsDecode = (value: string): string =>
  value.includes('\\')
    ? value.replace(escapes, (_, unicode?: string, hex?: string, octal?: string, other?: string) =>
        unicode
          ? lowestByte(Number.parseInt(unicode, 16))
          : hex
            ? String.fromCharCode(Number.parseInt(hex, 16))
            : octal
              ? String.fromCharCode(Number.parseInt(octal, 8))
              : (controls[other!] ?? other!),
      )
    : value
