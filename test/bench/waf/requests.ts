/** Requests of the WAF bench: the shape is fixed, the values are new each time, so that no cache sees them twice by design. */
import type { Header, HttpRequest, HttpResponse } from '../../../classifier/waf/engine/model.ts'

export type Exchange = { readonly request: HttpRequest; readonly response?: HttpResponse }

const words =
  'order basket colour size blue green sock shoe winter summer price list view page user name city street'.split(' ')

type Random = () => number
const word = (next: Random): string => words[Math.floor(next() * words.length)]!
const number = (next: Random): string => String(Math.floor(next() * 1e9))
const text = (next: Random, length: number): string => {
  let made = ''
  while (made.length < length) made += `${word(next)}${next() < 0.1 ? number(next) : ''} `
  return made.slice(0, length)
}

const agents = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/604.1',
]

const browser = (next: Random): readonly Header[] => [
  ['Host', 'shop.example.com'],
  ['User-Agent', agents[Math.floor(next() * agents.length)]!],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8'],
  ['Accept-Language', 'en-GB,en;q=0.7'],
  ['Accept-Encoding', 'gzip, deflate, br'],
  ['Referer', `https://shop.example.com/${word(next)}/${number(next)}`],
  ['Cookie', `session=${number(next)}${number(next)}; theme=${word(next)}`],
  ['Connection', 'keep-alive'],
]

const page = (next: Random): HttpResponse => ({
  status: 200,
  headers: [['Content-Type', 'text/html; charset=utf-8']],
  body: received(
    `<!doctype html><html><head><title>${word(next)}</title></head><body><p>${text(next, 1500)}</p></body></html>`,
  ),
})

const from = { protocol: 'HTTP/1.1', remoteAddress: '10.0.0.7', uniqueId: 'bench' }

export function benignGet(next: Random): Exchange {
  const uri = `/${word(next)}/${number(next)}?${word(next)}=${word(next)}&page=${number(next)}&q=${word(next)}+${word(next)}`
  return { request: { ...from, method: 'GET', uri, headers: browser(next), body: '' }, response: page(next) }
}

/** As it comes off a socket: one piece, not the rope that its making has left. */
const received = (body: string): string => Buffer.from(body, 'latin1').toString('latin1')

const post = (next: Random, type: string, body: string): Exchange => ({
  request: {
    ...from,
    method: 'POST',
    uri: `/${word(next)}`,
    headers: [...browser(next), ['Content-Type', type], ['Content-Length', String(body.length)]],
    body: received(body),
  },
})

export function json2k(next: Random): Exchange {
  const items = Array.from({ length: 20 }, () => ({ id: number(next), name: text(next, 40).trim(), kind: word(next) }))
  return post(next, 'application/json', JSON.stringify({ user: word(next), items }))
}

export const form10k = (next: Random): Exchange =>
  post(next, 'application/x-www-form-urlencoded', `comment=${text(next, 10_000).replaceAll(' ', '+')}`)
