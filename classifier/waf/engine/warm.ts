/**
 * What a first request would have to wait for, done before it: patterns compiled, automata taught what ordinary text
 * looks like, the code of all phases compiled by V8. The requests are ordinary ones and one that many rules match.
 */
import type { RuleSet } from '../seclang/model.ts'
import type { Header, HttpRequest, HttpResponse, Outcome } from './model.ts'

/** V8 interprets first and compiles what has been run some times. */
const turns = 60

type Evaluate = (request: HttpRequest, response: HttpResponse) => Outcome

export function warmUp({ rules }: RuleSet, evaluate: Evaluate): void {
  for (const { links } of rules) for (const { operator } of links) operator.warm?.()
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
    ...(turn % 6 === 0 ? [post('application/x-www-form-urlencoded', attackOf(turn))] : []),
  ]
}

const attackOf = (turn: number): string =>
  [
    "' or 1=1 union select a,b from c -- ",
    '<script>alert(1)</script>',
    ';cat /etc/passwd|id',
    '../../etc/passwd',
    '\x24{jndi:ldap://a}',
  ]
    .map((text, at) => `a${at}=${encodeURIComponent(text)}${turn}`)
    .join('&')

const page: HttpResponse = {
  status: 200,
  headers: [['Content-Type', 'text/html; charset=utf-8']],
  body: `<!doctype html><html><head><title>Shop</title></head><body><p>${textOf(1, 200)}</p></body></html>`,
}
