import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decompress } from './decompress.ts'
import { maxDecodedBytes, maxJsonDepth } from './limits.ts'
import { parseBody, standardProcessor } from './parse.ts'

const parse = (processor: string, body: string, contentType = '') =>
  parseBody(processor, { body, contentType, separator: '&' })

test.each([
  ['application/x-www-form-urlencoded; charset=utf-8', 'URLENCODED'],
  ['Multipart/Form-Data; boundary=x', 'MULTIPART'],
  ['application/json', ''],
  ['', ''],
])('%s is read as «%s» when no rule says another', (type, processor) => expect(standardProcessor(type)).toBe(processor))

test('a processor nobody knows is an error', () => {
  expect(parse('YAML', 'a: 1').error).toBe('there is no body processor YAML')
})

describe('urlencoded', () => {
  test('blanks, escapes, and escapes that are none', () => {
    expect(parse('URLENCODED', 'a=1+2&b%3d=%41%zz&c&&d==').arguments).toEqual([
      ['a', '1 2'],
      ['b=', 'A%zz'],
      ['c', ''],
      ['d', '='],
    ])
  })

  test('whatever is encoded comes out again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        const text = Buffer.from(bytes).toString('latin1')
        const encoded = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
        expect(parse('URLENCODED', `k=${encoded}`).arguments).toEqual([['k', text]])
      }),
    )
  })
})

describe('JSON', () => {
  test('arguments named by their path', () => {
    expect(parse('JSON', '{"a":[1,{"b":null}],"c":true,"d":"\\u20ac"}')).toMatchObject({
      arguments: [
        ['json.a', '2'],
        ['json.a.0', '1'],
        ['json.a.1.b', ''],
        ['json.c', 'true'],
        ['json.d', '\xe2\x82\xac'],
      ],
      error: undefined,
    })
  })

  test('what is broken, or too deep, is an error', () => {
    expect(parse('JSON', '{').error).toMatch(/^JSON: /)
    const deep = '['.repeat(maxJsonDepth + 2) + ']'.repeat(maxJsonDepth + 2)
    expect(parse('JSON', deep).error).toBe(`JSON: nested more than ${maxJsonDepth} deep`)
  })

  test('what stands before the break is seen', () => {
    const { arguments: found, error } = parse('JSON', '{"a":"<script>","b":[1,')
    expect([found, error]).toEqual([
      [
        ['json.a', '<script>'],
        ['json.b', '1'],
        ['json.b.0', '1'],
      ],
      'JSON: no value where one must be (byte 23)',
    ])
  })

  test('a key that stands twice is two arguments, a number is as it is written', () => {
    expect(parse('JSON', '{"a":"x","a":1.50,"":-0e3}').arguments).toEqual([
      ['json.a', 'x'],
      ['json.a', '1.50'],
      ['json.', '-0e3'],
    ])
  })

  test('bytes that are no UTF-8 are an error', () => {
    expect(parse('JSON', '{"a":"\xff"}').error).toBe('JSON: not UTF-8')
  })

  const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

  test('has the values that JSON.parse has', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const { arguments: found, error } = parse('JSON', utf8(text))
        expect([error, found.map(([, value]) => value).sort()]).toEqual([undefined, leaves(text).map(utf8).sort()])
      }),
    )
  })

  test('is an error where it is one for JSON.parse', () => {
    const broken = fc
      .tuple(fc.json(), fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom('', ...'{}[]",:\\ 0-e.tn\t\u0001'))
      .map(([text, place, put]) => {
        const at = Math.floor(place * text.length)
        return text.slice(0, at) + put + text.slice(at + 1)
      })
    fc.assert(
      fc.property(broken, (text) => {
        expect([text, parse('JSON', utf8(text)).error === undefined]).toEqual([text, isJson(text)])
      }),
      { numRuns: 2000 },
    )
  })
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Its values, and the length of each array; numbers as they are written. */
function leaves(text: string): string[] {
  const found: string[] = []
  JSON.parse(text, (_, value: unknown, { source }: { source?: string } = {}) => {
    if (Array.isArray(value)) found.push(String(value.length))
    else if (typeof value !== 'object') found.push(typeof value === 'string' ? value : source!)
    else if (value === null) found.push('')
    return value
  })
  return found
}

describe('XML', () => {
  test('text and attributes; names and comments are neither', () => {
    const source = '<?xml version="1.0"?><a b="1"><!-- no --><c d="&lt;x&#x20ac;">t</c><![CDATA[<u>]]></a>'
    expect(parse('XML', source)).toMatchObject({
      xml: { text: 't<u>', attributes: ['1', '<x\xe2\x82\xac'] },
      error: undefined,
    })
  })

  test('what is broken is an error, and what stood before it is seen', () => {
    expect(parse('XML', '<a b="evil"><c></a>')).toMatchObject({
      xml: { attributes: ['evil'] },
      error: expect.stringMatching(/^XML: /),
    })
  })

  test('an entity of a document type is not expanded', () => {
    const source = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'
    expect(parse('XML', source)).toMatchObject({ xml: { text: '&e;' }, error: expect.stringMatching(/entity/) })
  })
})

describe('multipart', () => {
  const type = 'multipart/form-data; boundary=B'
  const lines = (...parts: string[]) => `${parts.join('\r\n')}\r\n`
  const field = ['--B', 'Content-Disposition: form-data; name="a"', '', 'one', 'two', '--B--']

  test('fields, files and the headers of the parts', () => {
    const body = lines(
      ...field.slice(0, -1),
      '--B',
      'Content-Disposition: form-data; name="f"; filename="x\\"y.php"',
      'Content-Type: text/plain',
      '',
      '12345',
      '--B--',
    )
    expect(parse('MULTIPART', body, type)).toEqual({
      arguments: [['a', 'one\r\ntwo']],
      files: [{ field: 'f', fileName: 'x"y.php', size: 5 }],
      partHeaders: [
        ['a', 'Content-Disposition: form-data; name="a"'],
        ['f', 'Content-Disposition: form-data; name="f"; filename="x\\"y.php"'],
        ['f', 'Content-Type: text/plain'],
      ],
      xml: undefined,
      flags: new Set(),
      error: undefined,
    })
  })

  test.each([
    ['DATA_BEFORE', lines('x', ...field)],
    ['DATA_AFTER', lines(...field, 'x')],
    ['UNMATCHED_BOUNDARY', lines(...field.slice(0, 4), '--Bx', '--B--')],
    ['LF_LINE', lines(...field).replaceAll('\r\n', '\n')],
    ['CRLF_LF_LINES', lines(...field).replace('\r\n', '\n')],
    ['HEADER_FOLDING', lines('--B', 'Content-Disposition: form-data;', ' name="a"', '', 'x', '--B--')],
    ['INVALID_QUOTING', lines('--B', "Content-Disposition: form-data; name='a'", '', 'x', '--B--')],
    ['MISSING_SEMICOLON', lines('--B', 'Content-Disposition: form-data name="a"', '', 'x', '--B--')],
    ['INVALID_PART', lines('--B', 'X: y', '', 'x', '--B--')],
  ])('%s', (flag, body) => expect([...parse('MULTIPART', body, type).flags]).toContain(flag))

  test('a line before the first boundary that looks like one', () => {
    expect([...parse('MULTIPART', lines('--other', '--B--'), type).flags]).toContain('UNMATCHED_BOUNDARY')
  })

  test('single quotes are taken off, with a flag; those of filename* belong there', () => {
    const single = parse(
      'MULTIPART',
      lines('--B', "Content-Disposition: form-data; name='a b'", '', 'x', '--B--'),
      type,
    )
    expect([single.arguments, [...single.flags]]).toEqual([[['a b', 'x']], ['INVALID_QUOTING']])
    const star = `Content-Disposition: form-data; name="a"; filename="b"; filename*=UTF-8''b`
    expect([...parse('MULTIPART', lines('--B', star, '', 'x', '--B--'), type).flags]).toEqual([])
  })

  test('a missing semicolon is an error', () => {
    const body = lines('--B', 'Content-Disposition: form-data; name="a" filename="b"', '', 'x', '--B--')
    expect(parse('MULTIPART', body, type).error).toBe('Multipart: a semicolon is missing in Content-Disposition')
  })

  test('a file with line ends of unix is no flag; its last one, before a boundary, is', () => {
    const part = (end: string) => lines(...field).replace(`two\r\n`, `two\n\nthree${end}`)
    expect([...parse('MULTIPART', part('\r\n'), type).flags]).toEqual([])
    expect([...parse('MULTIPART', part('\n'), type).flags]).toEqual(['LF_LINE', 'CRLF_LF_LINES'])
  })

  test.each([
    ['a quoted boundary', 'multipart/form-data; boundary="B"', 'BOUNDARY_QUOTED'],
    ['blanks around it', 'multipart/form-data; boundary= B', 'BOUNDARY_WHITESPACE'],
  ])('%s', (_, contentType, flag) => {
    const body = parse('MULTIPART', lines(...field), contentType)
    expect({ flags: [...body.flags], read: body.arguments.length }).toEqual({ flags: [flag], read: 1 })
  })

  test.each([
    ['no boundary', lines(...field), 'multipart/form-data', 'Multipart: no usable boundary in Content-Type'],
    ['no end', lines(...field.slice(0, -1)), type, 'Multipart: the final boundary is missing'],
    [
      'a name twice',
      lines('--B', 'Content-Disposition: form-data; name=a; name=b', '', '--B--'),
      type,
      'Multipart: name stands twice in Content-Disposition',
    ],
    [
      'a control character in a header',
      lines('--B', '\x0eContent-Disposition: form-data; name=a', '', '--B--'),
      type,
      'Multipart: invalid part header',
    ],
  ])('%s is an error', (_, body, contentType, error) => expect(parse('MULTIPART', body, contentType).error).toBe(error))
})

describe('compressed bodies', () => {
  const text = 'attack '.repeat(20)
  const bytes = (buffer: Buffer) => buffer.toString('latin1')

  test.each([
    ['gzip', bytes(gzipSync(text))],
    ['deflate', bytes(deflateSync(text))],
    ['deflate', bytes(deflateRawSync(text))],
    ['br', bytes(brotliCompressSync(text))],
    ['gzip, br', bytes(brotliCompressSync(gzipSync(text)))],
    ['identity', text],
  ])('%s', (encoding, body) => expect(decompress(body, encoding)).toEqual({ ok: true, body: text }))

  test('a bomb, a lie and an unknown encoding are problems', () => {
    const bomb = bytes(gzipSync(Buffer.alloc(4 * maxDecodedBytes)))
    expect(
      [decompress(bomb, 'gzip'), decompress('plain', 'gzip'), decompress('x', 'zstd')].map(({ ok }) => ok),
    ).toEqual([false, false, false])
  })
})
