import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Field, HeaderDecoder } from './hpack.ts'

const decode = (decoder: HeaderDecoder, hex: string) => decoder.decode(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

describe('the examples of RFC 7541', () => {
  test('C.3 requests without Huffman coding, with a table', () => {
    const decoder = new HeaderDecoder()
    expect(decode(decoder, '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d')).toEqual([
      [':method', 'GET'],
      [':scheme', 'http'],
      [':path', '/'],
      [':authority', 'www.example.com'],
    ])
    expect(decode(decoder, '8286 84be 5808 6e6f 2d63 6163 6865')?.slice(3)).toEqual([
      [':authority', 'www.example.com'],
      ['cache-control', 'no-cache'],
    ])
    expect(decode(decoder, '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65')).toEqual([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/index.html'],
      [':authority', 'www.example.com'],
      ['custom-key', 'custom-value'],
    ])
  })

  test('C.4 the same with Huffman coding', () => {
    const decoder = new HeaderDecoder()
    expect(decode(decoder, '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff')?.[3]).toEqual([
      ':authority',
      'www.example.com',
    ])
    expect(decode(decoder, '8286 84be 5886 a8eb 1064 9cbf')?.[4]).toEqual(['cache-control', 'no-cache'])
    expect(decode(decoder, '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf')?.[4]).toEqual([
      'custom-key',
      'custom-value',
    ])
  })
})

describe('a table', () => {
  test('is refused once our settings are known', () => {
    const decoder = new HeaderDecoder()
    decoder.settled()
    expect(decode(decoder, '3f e1 1f')).toBeUndefined() //  size 4,096
    expect(decode(decoder, '20 82')).toEqual([[':method', 'GET']])
    expect(decode(decoder, 'be')).toBeUndefined()
  })

  test('forgets the oldest when it is full', () => {
    const decoder = new HeaderDecoder()
    const field = (name: string) => `40 01 ${Buffer.from(name).toString('hex')} 7f a1 1e ${'61'.repeat(4_000)}`
    expect(decode(decoder, field('a'))?.length).toBe(1)
    expect(decode(decoder, field('b'))?.length).toBe(1)
    expect(decode(decoder, 'be')?.map(([name]) => name)).toEqual(['b'])
    expect(decode(decoder, 'bf')).toBeUndefined()
  })

  test('may only change its size in front', () => {
    expect(decode(new HeaderDecoder(), '82 20')).toBeUndefined()
  })
})

test.each([
  ['index 0', '80'],
  ['an index nobody has', 'ff 80 80 80 80 01'],
  ['a text longer than the block', '00 05 61'],
  ['a text one byte longer', '00 01 61 02 62'],
  ['a length without end', '00 7f ff ff ff ff ff ff'],
  ['Huffman padding of eight ones', '00 82 1f ff 01 61'],
  ['Huffman padding of zeros', '00 81 18 01 61'],
  ['the end of string as a symbol', '00 84 ff ff ff fc 01 61'],
  ['nothing after a name', '00 01 61'],
])('%s is refused', (_what, hex) => {
  expect(decode(new HeaderDecoder(), hex)).toBeUndefined()
})

test('a list larger than the limit is refused, though its block is small', () => {
  const decoder = new HeaderDecoder()
  decode(decoder, `40 01 61 7f a1 1e ${'62'.repeat(4_000)}`)
  expect(decode(decoder, 'be'.repeat(17))).toBeUndefined()
})

test('what is not remembered and what is remembered are the same', () => {
  const text = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 200,
  })
  const encode = (fields: readonly Field[]) =>
    Buffer.concat(
      fields.map(([name, value]) => {
        const sized = (it: string) => [
          ...(it.length < 127 ? [it.length] : [127, it.length - 127]),
          ...Buffer.from(it, 'latin1'),
        ]
        return Buffer.from([0, ...sized(name), ...sized(value)])
      }),
    )
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 5 }), (fields) => {
      const decoder = new HeaderDecoder()
      decoder.settled()
      decoder.decode(Buffer.from([0x20]))
      const bytes = encode(fields)
      expect(decoder.decode(bytes)).toEqual(fields)
      expect(decoder.decode(bytes)).toEqual(fields)
    }),
  )
})

test('any bytes are fields or refused', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 5 }), (blocks) => {
      const decoder = new HeaderDecoder()
      for (const bytes of blocks) decoder.decode(Buffer.from(bytes))
    }),
    { numRuns: 2_000 },
  )
})
