/** What a letter after a backslash stands for in C and in JavaScript. */
export const controls: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
})
