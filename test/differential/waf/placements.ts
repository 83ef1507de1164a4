/** Where a value can stand in a request, one line each, and how it can be written there. */
import type { Header, HttpRequest } from '../../../classifier/waf/engine/model.ts'

const browser: readonly Header[] = [
  ['Host', 'shop.example.com'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'],
  ['Accept', 'text/html,application/json;q=0.9'],
]

export const from = { protocol: 'HTTP/1.1', remoteAddress: '10.0.0.7', uniqueId: 'differential' }

export function get(uri: string, headers: readonly Header[] = []): HttpRequest {
  return sent('GET', uri, headers, '')
}

export function post(type: string, body: string, headers: readonly Header[] = []): HttpRequest {
  return sent('POST', '/order', [['Content-Type', type], ['Content-Length', String(body.length)], ...headers], body)
}

export function sent(method: string, uri: string, headers: readonly Header[], body: string): HttpRequest {
  const all = [...browser.filter(([name]) => !headers.some(([other]) => other === name)), ...headers]
  return { ...from, method, uri, headers: all, body }
}

/** Every byte that could mean something in a URI. */
export const escaped = (text: string): string =>
  text.replace(/[^A-Za-z0-9_.~-]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`)

const inHeader = (text: string): string => text.replace(/[\0\r\n]/g, ' ')
const inXml = (text: string): string => text.replace(/[<&\0]/g, (char) => `&#${char.charCodeAt(0) || 32};`)

const part = (name: string, value: string, more = ''): string =>
  `--frontier\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`
const multipart = (...parts: readonly string[]): HttpRequest =>
  post('multipart/form-data; boundary=frontier', `${parts.join('')}--frontier--\r\n`)

export type Placement = (value: string) => HttpRequest
export const placements: Readonly<Record<string, Placement>> = {
  query: (value) => get(`/list?page=2&q=${escaped(value)}`),
  'argument name': (value) => get(`/list?${escaped(value)}=1`),
  path: (value) => get(`/list/${escaped(value)}`),
  form: (value) => post('application/x-www-form-urlencoded', `page=2&q=${escaped(value)}`),
  'form in PUT': (value) => {
    const body = `q=${escaped(value)}`
    const type: Header = ['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8']
    return sent('PUT', '/order/7', [type, ['Content-Length', String(body.length)]], body)
  },
  json: (value) => post('application/json', JSON.stringify({ id: 7, items: [{ note: value }, null, true] })),
  'json key': (value) => post('application/json', JSON.stringify({ [value]: 'x' })),
  multipart: (value) => multipart(part('page', '2'), part('q', value)),
  'file name': (value) =>
    multipart(
      part('file', 'text', `; filename="${inHeader(value).replace(/["\\]/g, '')}"\r\nContent-Type: text/plain`),
    ),
  'xml text': (value) => post('text/xml', `<?xml version="1.0"?><order><note>${inXml(value)}</note></order>`),
  'xml attribute': (value) => post('application/xml', `<order note="${inXml(value).replaceAll('"', '&quot;')}"/>`),
  cookie: (value) => get('/', [['Cookie', `theme=dark; note=${escaped(value)}`]]),
  'bare cookie': (value) => get('/', [['Cookie', `note=${inHeader(value)}`]]),
  referer: (value) => get('/', [['Referer', `https://shop.example.com/${inHeader(value)}`]]),
  'user agent': (value) => get('/', [['User-Agent', inHeader(value)]]),
  'other header': (value) => get('/', [['X-Note', inHeader(value)]]),
}

/** How somebody may write a value so that it is not recognised. */
export const disguises: Readonly<Record<string, (value: string) => string>> = {
  plain: (value) => value,
  'escaped twice': escaped,
  'upper case': (value) => value.toUpperCase(),
  entities: (value) => value.replace(/[<>"'(]/g, (char) => `&#x${char.charCodeAt(0).toString(16)};`),
  '%u': (value) => value.replace(/[<>"' ]/g, (char) => `%u00${char.charCodeAt(0).toString(16).padStart(2, '0')}`),
  'comments for blanks': (value) => value.replaceAll(' ', '/**/'),
  'behind text': (value) => `Dear Sir or Madam, 25% of ${value}`,
}
