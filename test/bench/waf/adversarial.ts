/**
 * Requests made to cost much: repetitions of what engines like least, and soups of the beginnings of attacks, in every
 * place where a sender can put text. Each is made for a size in bytes, so that growth can be looked at.
 */
import type { Header, HttpRequest } from '../../../classifier/waf/engine/model.ts'
import { randomness } from '../../support/random.ts'

export type Adversary = { readonly name: string; readonly of: (bytes: number) => HttpRequest }

const repeated = [
  ...[
    '<',
    '-',
    "'",
    '"',
    '/*',
    'a=',
    '((',
    '\\x',
    '\\',
    '&#',
    '&#x',
    'select ',
    '%u00',
    '%',
    ' or 1',
    '\x24{',
    '{{',
    ';',
  ],
  ...[
    '|',
    '`',
    '=?',
    '../',
    'a',
    'aB',
    ' ',
    '\t',
    '\n',
    '\0',
    '\xff',
    '<a ',
    'onx=',
    'AAAA',
    '.',
    '/',
    ':',
    '+',
    '1',
    '"+"',
  ],
]

const soups: Readonly<Record<string, readonly string[]>> = {
  sql: [
    ...[
      'select ',
      'union ',
      'from ',
      'where ',
      "' or ",
      '1=1 ',
      '-- ',
      '/*',
      '*/',
      'sleep(',
      ')',
      '(',
      ';',
      '"',
      "'",
      '`',
    ],
    ...['and ', 'like ', 'char(', '0x41', 'having ', '@@', '||', '&&', 'xor ', 'in (', 'case when '],
  ],
  shell: [
    ...[
      'cat ',
      '/etc/passwd',
      ';',
      '|',
      '&&',
      '$(',
      '`',
      '\x24{IFS}',
      'wget ',
      'bash -c ',
      "'",
      '"',
      '\\',
      '^',
      '\n',
      'nc ',
    ],
    ...['python ', 'curl http://', '>', '<', '{', '}', 'c\\at', "c''at", '?', '*', '[', ']', '~'],
  ],
  html: [
    ...[
      '<script>',
      '<img src=x onerror=',
      'javascript:',
      'alert(1)',
      '<svg/onload=',
      '">',
      "'",
      'style=',
      'expression(',
    ],
    ...['&#x3c;', '&lt;', '<!--', '-->', '<a href=', 'data:text/html', '<', '>', '=', '(', ')'],
  ],
}
const everything = Object.values(soups).flat()

const fill = (piece: string, bytes: number): string => piece.repeat(Math.ceil(bytes / piece.length)).slice(0, bytes)

function soup(pieces: readonly string[], bytes: number): string {
  const next = randomness(bytes)
  const found: string[] = []
  for (let length = 0; length < bytes; ) {
    const piece = pieces[Math.floor(next() * pieces.length)]!
    found.push(piece)
    length += piece.length
  }
  return found.join('').slice(0, bytes)
}

const encoded = (text: string): string =>
  text.replace(/[^A-Za-z0-9]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`)

const browser: readonly Header[] = [
  ['Host', 'shop.example.com'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'],
  ['Accept', '*/*'],
]

/** As it comes off a socket: one piece of bytes. */
const received = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')

const get = (uri: string, headers: readonly Header[] = []): HttpRequest => ({
  method: 'GET',
  uri: received(uri),
  protocol: 'HTTP/1.1',
  headers: [...browser, ...headers],
  body: '',
})

const post = (type: string, body: string): HttpRequest => ({
  ...get('/x', [
    ['Content-Type', type],
    ['Content-Length', String(body.length)],
  ]),
  method: 'POST',
  body: received(body),
})

const form = (body: string): HttpRequest => post('application/x-www-form-urlencoded', body)
const json = (body: string): HttpRequest => post('application/json', body)
const multipart = (body: string): HttpRequest => post('multipart/form-data; boundary=B', body)

/** `a0=…&a1=…` of soups of so many bytes each. */
const values = (each: number) => (bytes: number) => {
  const count = Math.ceil(bytes / (2.2 * each + 6))
  const text = soup(everything, each * count)
  return form(
    Array.from({ length: count }, (_, at) => `a${at}=${encoded(text.slice(at * each, (at + 1) * each))}`)
      .join('&')
      .slice(0, bytes),
  )
}

const randomBytes = (bytes: number): Buffer => {
  const next = randomness(bytes)
  return Buffer.from(Array.from({ length: bytes }, () => Math.floor(next() * 256)))
}

/** A long name on every level, and as many values as fit at the bottom: each value's name is the whole path. */
function deepJson(bytes: number): string {
  const levels = 90
  const key = 'k'.repeat(Math.floor(bytes / levels / 1.3))
  const bottom = `[${fill('0,', Math.floor(bytes / 5)).replace(/,$/, '')}]`
  return Array.from({ length: levels }).reduce((inner: string) => `{"${key}":${inner}}`, bottom)
}

const part = 'Content-Disposition: form-data; name="a"'

export const adversaries: readonly Adversary[] = [
  ...repeated.map((piece): Adversary => {
    const name = `one value of «${piece.replace(/[^ -~]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)}»`
    return { name, of: (bytes) => form(`x=${fill(encoded(piece), bytes)}`) }
  }),
  ...Object.entries({ ...soups, everything }).map(
    ([name, pieces]): Adversary => ({
      name: `one value, soup of ${name}`,
      of: (bytes) => form(`x=${encoded(soup(pieces, Math.ceil(bytes / 1.8))).slice(0, bytes)}`),
    }),
  ),
  ...[8, 60, 600].map(
    (each): Adversary => ({ name: `many values of ${each} bytes, soup of everything`, of: values(each) }),
  ),
  { name: 'many small arguments', of: (bytes) => form(fill('a=1&', bytes)) },
  { name: 'many attacks', of: (bytes) => form(fill("a=<script>&b='or 1=1--&", bytes)) },
  { name: 'separators only', of: (bytes) => form(fill('&', bytes)) },
  { name: 'JSON, many strings', of: (bytes) => json(JSON.stringify(soup(everything, bytes).match(/[\s\S]{1,12}/g))) },
  { name: 'JSON, long paths', of: (bytes) => json(deepJson(bytes)) },
  { name: 'JSON, deep', of: (bytes) => json(fill('{"a":[', bytes)) },
  { name: 'XML, deep', of: (bytes) => post('text/xml', fill('<a>', bytes)) },
  { name: 'XML, attributes', of: (bytes) => post('text/xml', `<a ${fill('b="<', bytes).replaceAll('<', 'x" ')}/>`) },
  { name: 'XML, soup', of: (bytes) => post('text/xml', `<a>${soup(everything, bytes).replace(/[<&]/g, '')}</a>`) },
  {
    name: 'multipart, many parts',
    of: (bytes) => multipart(`${fill(`--B\r\n${part}\r\n\r\nx\r\n`, bytes)}\r\n--B--\r\n`),
  },
  { name: 'multipart, blanks', of: (bytes) => multipart(`--B\r\n${part}${fill(' ', bytes)}\r\n\r\nx\r\n--B--\r\n`) },
  { name: 'multipart, line ends', of: (bytes) => multipart(`--B\r\n${part}\r\n\r\n${fill('\n', bytes)}--B--\r\n`) },
  {
    name: 'multipart, parameters',
    of: (bytes) => multipart(`--B\r\n${part}${fill('; a=b', bytes)}\r\n\r\nx\r\n--B--\r\n`),
  },
  { name: 'multipart, header lines', of: (bytes) => multipart(`--B\r\n${fill('A: b\r\n', bytes)}\r\nx\r\n--B--\r\n`) },
  { name: 'random bytes', of: (bytes) => post('text/plain', randomBytes(bytes).toString('latin1')) },
  {
    name: 'base64',
    of: (bytes) => form(`x=${encoded(randomBytes(Math.ceil(bytes / 1.5)).toString('base64')).slice(0, bytes)}`),
  },
  { name: 'many cookies', of: (bytes) => get('/', [['Cookie', fill('a=b; ', bytes)]]) },
  { name: 'one cookie, soup', of: (bytes) => get('/', [['Cookie', `a=${soup(everything, bytes - 2)}`]]) },
  { name: 'Referer, soup', of: (bytes) => get('/', [['Referer', soup(everything, bytes)]]) },
  { name: 'Range', of: (bytes) => get('/', [['Range', `bytes=${fill('1-2,', bytes)}`]]) },
  {
    name: 'many headers',
    of: (bytes) =>
      get(
        '/',
        Array.from({ length: bytes / 20 }, (_, at) => [`X-${at}`, 'select 1 from'] as const),
      ),
  },
  { name: 'path of slashes', of: (bytes) => get(fill('/', bytes)) },
  { name: 'path of two long names', of: (bytes) => get(`/${fill('a', bytes / 2)}/${fill('b', bytes / 2)}`) },
  { name: 'path that climbs', of: (bytes) => get(`/${fill('../a/', bytes)}`) },
  { name: 'query, soup', of: (bytes) => get(`/?${encoded(soup(everything, Math.ceil(bytes / 1.8))).slice(0, bytes)}`) },
]
