/** Well-formed UTF-8 sequences of more than one byte become `%uhhhh`; other bytes stay. */
import { utf8Sequences } from './utf8-sequences.ts'

export const utf8toUnicode = (value: string): string =>
  /[\x80-\xff]/.test(value)
    ? value.replace(utf8Sequences, (bytes) => {
        const code = Buffer.from(bytes, 'latin1').toString('utf8').codePointAt(0)!
        return `%u${code.toString(16).padStart(4, '0')}`
      })
    : value
