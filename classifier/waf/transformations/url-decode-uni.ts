/** As `urlDecode`, and IIS's `%uhhhh` by what looks like it in ASCII (`best-fit.ts`). */
import { bestFit } from './best-fit.ts'

export const urlDecodeUni = (value: string): string =>
  /[%+]/.test(value)
    ? value
        .replace(/\+/g, ' ')
        .replace(/%(?:u([0-9a-fA-F]{4})|([0-9a-fA-F]{2}))/gi, (_, unicode?: string, hex?: string) =>
          unicode ? bestFit(Number.parseInt(unicode, 16)) : String.fromCharCode(Number.parseInt(hex!, 16)),
        )
    : value
