/**
 * What a value must have for a transformation to change it, as the source of a pattern: a value without it comes back as
 * it is, which is cheaper to know than to try. Transformations that are not here may change anything.
 */
export const changes: Readonly<Record<string, string>> = {
  cmdline: String.raw`[\\"'^A-Z\t-\r,;]|  | [/(]`,
  compresswhitespace: String.raw`[\t-\r]|  `,
  cssdecode: String.raw`\\`,
  escapeseqdecode: String.raw`\\`,
  htmlentitydecode: '&',
  jsdecode: String.raw`\\`,
  lowercase: '[A-Z]',
  normalisepath: String.raw`\/\/|\.`,
  normalisepathwin: String.raw`\/\/|[.\\]`,
  normalizepath: String.raw`\/\/|\.`,
  normalizepathwin: String.raw`\/\/|[.\\]`,
  removecomments: String.raw`\/\*|<!--|--|#`,
  removecommentschar: String.raw`\/\*|\*\/|<!--|--|#`,
  removenulls: String.raw`\0`,
  removewhitespace: String.raw`[\t-\r \xa0]`,
  replacecomments: String.raw`\/\*`,
  replacenulls: String.raw`\0`,
  sqlhexdecode: '0[xX]',
  trim: String.raw`^[\t-\r ]|[\t-\r ]$`,
  trimleft: String.raw`^[\t-\r ]`,
  trimright: String.raw`[\t-\r ]$`,
  uppercase: '[a-z]',
  urldecode: '[%+]',
  urldecodeuni: '[%+]',
  utf8tounicode: String.raw`[\x80-\xff]`,
}
