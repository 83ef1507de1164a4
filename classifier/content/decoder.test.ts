import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { randomness } from '../../test/support/random.ts'
import { ContentDecoder, decodeContent } from './decoder.ts'

const caps = { maxBytes: 200_000, maxRatio: 100 }
const text = Buffer.from('a line that is said again and again, number 12345\n'.repeat(400))
const next = randomness(7)
/** Does not get smaller. */
const noise = Buffer.from(Array.from({ length: 5000 }, () => next() * 256))
const coded: Readonly<Record<string, Buffer>> = {
  gzip: gzipSync(text),
  'x-gzip': Buffer.concat([gzipSync(text.subarray(0, 100)), gzipSync(text.subarray(100)), Buffer.alloc(12)]),
  deflate: deflateSync(text),
  DEFLATE: deflateRawSync(text),
  br: brotliCompressSync(text),
  'gzip, br': brotliCompressSync(gzipSync(text)),
  identity: text,
  '': text,
}

function decode(encoding: string, pieces: readonly Buffer[], limits = caps) {
  const decoder = new ContentDecoder(encoding, limits)
  const body = Buffer.concat(pieces.map((piece) => decoder.push(piece)))
  decoder.finish()
  expect(decoder.taken).toBe(Buffer.concat(pieces).length)
  return { body: body.toString('latin1'), problem: decoder.problem }
}

const cutAt = (bytes: Buffer, places: readonly number[]): readonly Buffer[] => {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end))
}

test.each(Object.entries(coded))('%s: the same text whole, byte by byte and cut anywhere', (encoding, bytes) => {
  const whole = { body: text.toString('latin1'), problem: undefined }
  expect(decodeContent(bytes, encoding, caps)).toEqual({ body: text })
  if (bytes.length < 1000)
    expect(
      decode(
        encoding,
        Array.from(bytes, (byte) => Buffer.from([byte])),
      ),
    ).toEqual(whole)
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 1e6 }), { maxLength: 5 }), (places) => {
      expect(decode(encoding, cutAt(bytes, places))).toEqual(whole)
    }),
  )
})

test('a piece comes out when it is there, not at the end', () => {
  const decoder = new ContentDecoder('gzip', caps)
  const packed = gzipSync(noise)
  expect(decoder.push(packed.subarray(0, packed.length - 100)).length).toBeGreaterThan(4000)
  decoder.close()
})

const bombs: Readonly<Record<string, Buffer>> = {
  gzip: gzipSync(Buffer.alloc(20e6)),
  br: brotliCompressSync(Buffer.alloc(20e6)),
  'gzip, gzip': gzipSync(gzipSync(Buffer.alloc(20e6))),
}

test.each(Object.entries(bombs))(
  '%s: a bomb ends at the caps, at the same byte wherever it is cut',
  (encoding, bytes) => {
    const whole = decode(encoding, [bytes])
    const most = Math.min(caps.maxBytes, Math.ceil(bytes.length / 1024) * 1024 * caps.maxRatio)
    expect(whole).toMatchObject({ problem: expect.stringMatching(/^more than (200000 bytes|100 times its own size)$/) })
    expect(whole.body.length).toBeLessThanOrEqual(most)
    expect(whole.body.length).toBeGreaterThan(10_000)
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1e6 }), { maxLength: 5 }), (places) => {
        expect(decode(encoding, cutAt(bytes, places))).toEqual(whole)
      }),
      { numRuns: 20 },
    )
  },
)

test('exactly as much as the caps allow is no bomb', () => {
  expect(decode('gzip', [gzipSync(noise)], { maxBytes: 5000, maxRatio: 100 }).problem).toBeUndefined()
  expect(decode('gzip', [gzipSync(noise)], { maxBytes: 4999, maxRatio: 100 })).toEqual({
    body: noise.toString('latin1', 0, 4999),
    problem: 'more than 4999 bytes',
  })
})

test('what can not be decoded comes out as it came, with the problem', () => {
  const plain = Buffer.from('this is not gzip')
  const said = (encoding: string, bytes = plain) => decode(encoding, cutAt(bytes, [3])).problem
  expect(decodeContent(plain, 'gzip', caps)).toEqual({
    body: plain,
    problem: 'content coding gzip: incorrect header check',
  })
  expect(decodeContent(plain, 'gzip, compress', caps)).toEqual({
    body: plain,
    problem: 'content coding "compress" is not known',
  })
  expect(said('toString')).toBe('content coding "tostring" is not known')
  expect(said('gzip,gzip,gzip,gzip,gzip')).toBe('more than 4 content codings')
  expect(said('br, constructor')).toBe('content coding "constructor" is not known')
})

test('cut short, or with something behind its end: what is there, and the problem', () => {
  for (const encoding of ['gzip', 'deflate', 'DEFLATE', 'br']) {
    const bytes = coded[encoding]!
    expect(decode(encoding, [bytes.subarray(0, -1)]).problem).toMatch(/: unexpected end of file$/)
    const behind = Buffer.concat([bytes, Buffer.from('more')])
    for (const at of [bytes.length - 1, bytes.length, bytes.length + 2]) {
      const { body, problem } = decode(encoding, cutAt(behind, [at]))
      expect(problem).toMatch(/: (bytes behind its end|incorrect header check)$/)
      expect(body.endsWith('more')).toBe(true)
    }
  }
  expect(decode('gzip', [coded.gzip!.subarray(0, 30)]).body).toBe(text.toString('latin1', 0, 0))
  expect(decode('gzip', []).problem).toBeUndefined()
})
