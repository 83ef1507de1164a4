/** `//`, `/./` and `/x/../` go; `..` stays only in front of a relative path. */
export function normalisePath(value: string): string {
  if (!/\/\/|\./.test(value)) return value
  const absolute = value.startsWith('/')
  const parts: string[] = []
  for (const part of value.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (!absolute) parts.push('..')
  }
  return (absolute ? '/' : '') + parts.join('/') + (value.endsWith('/') && parts.length > 0 ? '/' : '')
}
