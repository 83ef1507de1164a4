/**
 * Code page 20127 with Windows' best fit: what IIS makes of a character that ASCII lacks, and what ModSecurity's
 * `SecUnicodeMapFile unicode.mapping 20127` says. Letters with marks lose them; a short list says the rest; what has no
 * likeness is its lowest byte.
 */
import { lowestByte } from './lowest-byte.ts'

const alike: ReadonlyMap<number, string> = new Map(
  [
    ...[' \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000'],
    ...["'\u02b9\u02bc\u02c8\u2018\u2019\u201a\u201b\u2032", '"\u02ba\u030e\u201c\u201d\u201e\u201f\u2033\u301d\u301e'],
    ...['-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212', '_\u02cd\u0331\u0332\u2017', '`\u02cb\u0300\u2035'],
    ...[
      '^\u02c4\u02c6\u0302\u2038\u2303',
      '~\u02dc\u0303\u223c',
      '|\u00a6\u01c0\u2223',
      '!\u00a1\u01c3',
      '.\u00b7\u2022\u2024\u2026',
    ],
    ...[
      ',\u00b8\u201a',
      '<\u00ab\u2039\u2329\u3008',
      '>\u00bb\u203a\u232a\u3009',
      '/\u2044\u2215',
      '\\\u2216',
      '*\u2217',
      ':\u0589\u2236',
    ],
    ...[
      ';\u037e',
      '$\u00a4',
      '0\u2070\u2080',
      '1\u00b9\u2081',
      '2\u00b2\u2082',
      '3\u00b3\u2083',
      'a\u00aa\u00e6',
      'o\u00ba\u00f8',
    ],
    ...[
      'A\u00c6',
      'C\u00a9',
      'c\u00a2',
      'D\u00d0\u0110\u0189',
      'd\u0111',
      'H\u0126',
      'h\u0127',
      'i\u0131',
      'L\u0141',
      'l\u0142',
    ],
    ...[
      'O\u00d8\u0152',
      'o\u0153',
      'R\u00ae',
      'T\u0166\u2122',
      't\u0167',
      'Y\u00a5',
      'f\u0192',
      'b\u0180',
      '[\u301a',
      ']\u301b',
    ],
  ].flatMap(([ascii, ...others]) => others.map((other) => [other.charCodeAt(0), ascii!] as const)),
)

export function bestFit(code: number): string {
  const known = alike.get(code)
  if (known !== undefined) return known
  const [base = '', ...marks] = String.fromCharCode(code).normalize(code < 0x100 ? 'NFD' : 'NFKD')
  const isBase = code >= 0x80 && /[!-~]/.test(base) && marks.every((mark) => /\p{M}/u.test(mark))
  return isBase ? base : lowestByte(code)
}
