/** `&#x41;`, `&#65;` and the five names ModSecurity knows, with or without the semicolon; of a code its lowest byte. */
const entities = /&(?:#[xX]([0-9a-fA-F]+)|#([0-9]+)|(quot|amp|lt|gt|nbsp)(?![0-9A-Za-z]));?/gi

const named: Readonly<Record<string, string>> = { quot: '"', amp: '&', lt: '<', gt: '>', nbsp: '\xa0' }

export const htmlEntityDecode = (value: string): string =>
  value.includes('&')
    ? value.replace(entities, (_, hex?: string, decimal?: string, name?: string) =>
        name ? named[name.toLowerCase()]! : lowest(hex ?? decimal!, hex ? 16 : 10),
      )
    : value

/** The last 8 digits decide the lowest byte in base 16; in base 10 a code of more digits is no character at all. */
const lowest = (digits: string, base: number): string =>
  String.fromCharCode(
    Number(base === 16 ? Number.parseInt(digits.slice(-8), 16) : BigInt(digits.slice(-20)) & 0xffn) & 0xff,
  )
