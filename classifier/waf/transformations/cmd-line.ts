import { lowercase } from './lowercase.ts'

/**
 * Against shell obfuscation: `\ " ' ^` go, `,` and `;` are blanks, blanks become one and vanish before `/` and `(`,
 * letters become small.
 */
export const cmdLine = (value: string): string =>
  lowercase(
    value
      .replace(/[\\"'^]+/g, '')
      .replace(/[\t-\r ,;]+/g, ' ')
      .replace(/ (?=[/(])/g, ''),
  )
