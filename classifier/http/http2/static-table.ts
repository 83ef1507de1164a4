import type { Field } from './hpack.ts'

const without = (...names: readonly string[]): readonly Field[] => names.map((name) => [name, ''])

/** RFC 7541 appendix A; its numbers begin at 1. */
export const staticTable: readonly Field[] = [
  ['', ''],
  ...without(':authority'),
  ...([':method,GET', ':method,POST', ':path,/', ':path,/index.html', ':scheme,http', ':scheme,https'] as const).map(
    (pair) => pair.split(',') as [string, string],
  ),
  ...['200', '204', '206', '304', '400', '404', '500'].map((status): Field => [':status', status]),
  ...without('accept-charset'),
  ['accept-encoding', 'gzip, deflate'],
  ...without('accept-language', 'accept-ranges', 'accept', 'access-control-allow-origin', 'age', 'allow'),
  ...without('authorization', 'cache-control', 'content-disposition', 'content-encoding', 'content-language'),
  ...without('content-length', 'content-location', 'content-range', 'content-type', 'cookie', 'date', 'etag'),
  ...without('expect', 'expires', 'from', 'host', 'if-match', 'if-modified-since', 'if-none-match', 'if-range'),
  ...without('if-unmodified-since', 'last-modified', 'link', 'location', 'max-forwards', 'proxy-authenticate'),
  ...without('proxy-authorization', 'range', 'referer', 'refresh', 'retry-after', 'server', 'set-cookie'),
  ...without('strict-transport-security', 'transfer-encoding', 'user-agent', 'vary', 'via', 'www-authenticate'),
]
