/**
 * Values that can not be an attack, so that the library need not be asked. Sound, and tested to be.
 * SQL: one run of letters and digits is read as a number, a word or one after the other, of which no fingerprint counts as an
 * attack; numbers with single dashes between are one number (a `--` is a comment and may be an attack, and so may a word
 * beside a dash).
 * HTML: a tag needs `<`, and an attribute counts only with its value, which needs `=`.
 */
const plainWord = /^(?:[A-Za-z0-9_]*|[0-9]+(?:-[0-9]+)+)$/

export const mayBeSqli = (value: string): boolean => !plainWord.test(value)
export const mayBeXss = (value: string): boolean => value.includes('<') || value.includes('=')
