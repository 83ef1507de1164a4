/**
 * Values that can not be an attack, so that the library need not be asked. Sound, and tested to be.
 * SQL: one token, or a few with single dashes between, has no fingerprint that is an attack (a `--` is a comment and may be).
 * HTML: a tag needs `<`, and an attribute counts only with its value, which needs `=`.
 */
const plainWords = /^[A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*$/

export const mayBeSqli = (value: string): boolean => !plainWords.test(value)
export const mayBeXss = (value: string): boolean => value.includes('<') || value.includes('=')
