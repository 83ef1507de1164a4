import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { requestsIn } from './http-request.ts'
import { InputProblems } from './problems.ts'

function problems(text: string | Buffer): readonly string[] {
  try {
    requestsIn(Buffer.from(text))
    return []
  } catch (error) {
    if (!(error instanceof InputProblems)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
}
const none = { source: '', incident: '' }

describe('one request as it goes over the wire', () => {
  test('with its body, in bytes', () => {
    const text = 'POST /käse?a=1 HTTP/1.1\r\nHost: shop\r\nX-Two:  a b \r\n\r\n{"a":"é"}\r\n'
    const [request] = requestsIn(Buffer.from(text))
    const bytes = (word: string) => Buffer.from(word).toString('latin1')
    expect(request!.head).toEqual({
      method: 'POST',
      path: bytes('/käse?a=1'),
      protocol: 'HTTP/1.1',
      authority: 'shop',
      headers: [
        ['Host', 'shop'],
        ['X-Two', 'a b'],
      ],
      ...none,
    })
    expect(request!.body.toString('utf8')).toBe('{"a":"é"}\r\n')
  })

  test('with line ends as editors write them, and no more body than it says', () => {
    const [request] = requestsIn(Buffer.from('PUT http://api.shop:81 HTTP/1.0\nContent-Length: 3\n\nabc\n'))
    expect([request!.head.path, request!.head.authority, request!.body.toString()]).toEqual(['/', 'api.shop:81', 'abc'])
    expect(requestsIn(Buffer.from('GET / HTTP/1.1\n'))[0]!.head.headers).toEqual([])
  })

  test('what is no request is told with its line', () => {
    const line = 'must be a request line such as `GET /path HTTP/1.1`'
    for (const text of ['', 'GET /', 'GET / HTTP/2', 'GET /a b HTTP/1.1'])
      expect(problems(text)).toEqual([`line 1: ${line}`])
    expect(problems('GET / HTTP/1.1\nHost: a\nno header\n folded\n\n')).toEqual([
      'line 3: must be a header such as `Host: shop`',
      'line 4: must be a header such as `Host: shop`',
    ])
    expect(problems('POST / HTTP/1.1\nContent-Length: 9\n\nabc')).toEqual([
      'body: has 3 bytes, and Content-Length says 9',
    ])
  })
})

describe('NDJSON', () => {
  test('a request for each line, as waf eval takes them', () => {
    const lines = [{ uri: '/?q=1', headers: [['Host', 'ü']], body: 'YWJj', remoteAddress: '10.0.0.7' }, {}]
    const [first, second, ...others] = requestsIn(Buffer.from(lines.map((l) => `${JSON.stringify(l)}\n\n`).join('')))
    expect([first!.name, first!.head.authority, first!.head.source, first!.body.toString()]).toEqual([
      'line 1',
      Buffer.from('ü').toString('latin1'),
      '10.0.0.7',
      'abc',
    ])
    expect([second!.name, second!.head.method, second!.head.path]).toEqual(['line 3', 'GET', '/'])
    expect(others).toEqual([])
  })

  test('every line that is none', () => {
    const read = problems('{"uri": 3}\n{}\n{"method": "GET"\n{"headers": [["a"]], "body": "?"}')
    expect(read.map((text) => text.split(': ')[0])).toEqual(['line 1.uri', 'line 3', 'line 4.headers.0', 'line 4.body'])
  })
})

test('whatever is in the file, it is read or refused', () => {
  const piece = fc.constantFrom(
    'GET',
    ' ',
    '/',
    'HTTP/1.1',
    '\r\n',
    '\n',
    'Host',
    ':',
    '{',
    '}',
    'Content-Length: 2',
    '\0',
    'é',
  )
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      problems(pieces.join(''))
    }),
  )
})
