import { isIPv4 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Address, Cidr } from './address.ts'
import {
  canonicalAddress,
  contains,
  formatAddress,
  formatCidr,
  parseAddress,
  parseBlocks,
  parseCidr,
  parseRange,
} from './address.ts'
import { prefixIndex } from './prefix-index.ts'

const v4 = fc.ipV4()
const v6 = fc.ipV6()
const anAddress = fc.oneof(v4, v6)

describe('an address has one text', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::ffff:0a00:1', '10.0.0.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:0:2:0:0:3:4', '1::2:0:0:3:4'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
    ['1::', '1::'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical)
  })

  test.each([
    '',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '10.0.0.1 ',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '1:2:3:4:5:6:7::8',
    ':1',
    '12345::',
    'fe80::1%eth0',
    '1.2.3.4::',
    '::1.2.3.4:5',
    'localhost',
  ])('%j is none', (text) => {
    expect(canonicalAddress(text)).toBeUndefined()
  })

  test('the text is the one that URLs have, and reading it changes nothing', () => {
    fc.assert(
      fc.property(anAddress, (text) => {
        const canonical = canonicalAddress(text)!
        expect(canonicalAddress(canonical)).toBe(canonical)
        if (!isIPv4(canonical)) expect(`[${canonical}]`).toBe(new URL(`http://[${text}]`).hostname)
      }),
    )
  })
})

describe('blocks', () => {
  test.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['::ffff:10.1.2.3/104', '10.0.0.0/8'],
    ['2001:db8::1/32', '2001:db8::/32'],
    ['::/0', '::/0'],
  ])('%s is %s', (text, canonical) => {
    expect(formatCidr(parseCidr(text)!)).toBe(canonical)
  })

  test.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/08', '10.0.0.0/8/8', '::/129', '::ffff:10.0.0.0/95', '/8'])(
    '%s is none',
    (text) => {
      expect(parseCidr(text)).toBeUndefined()
    },
  )

  test('a range is exactly its blocks, and no two of them could be one', () => {
    fc.assert(
      fc.property(v4, fc.nat(300), fc.nat(600), (first, span, probe) => {
        const from = parseAddress(first)!
        const last = from.value + BigInt(span)
        fc.pre(last < 1n << 32n)
        const blocks = parseRange(`${first}-${formatAddress({ family: 4, value: last })}`)!
        const at: Address = { family: 4, value: from.value - 150n + BigInt(probe) }
        fc.pre(at.value >= 0n)
        expect(blocks.some((b) => contains(b, at))).toBe(at.value >= from.value && at.value <= last)
        expect(blocks.reduce((sum, b) => sum + (1n << BigInt(32 - b.length)), 0n)).toBe(BigInt(span + 1))
        expect(blocks.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(span + 2)))
      }),
    )
  })

  test('the whole of IPv6 is one block, its worst range 254', () => {
    const all = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff'
    expect(parseBlocks(`::-${all}:ffff`)!.map(formatCidr)).toEqual(['::/0'])
    expect(parseBlocks(`::1-${all}:fffe`)).toHaveLength(254)
    expect(parseBlocks('10.0.0.9-10.0.0.1')).toBeUndefined()
    expect(parseBlocks('10.0.0.9-::1')).toBeUndefined()
    expect(parseBlocks('192.168.120.100-192.168.120.101')!.map(formatCidr)).toEqual(['192.168.120.100/31'])
  })
})

describe('the index', () => {
  /** Few bits, so that blocks lie inside each other. */
  const block: fc.Arbitrary<Cidr> = fc
    .record({
      family: fc.constantFrom(4 as const, 6 as const),
      bits: fc.nat(15),
      length: fc.integer({ min: 0, max: 8 }),
    })
    .map(({ family, bits, length }) => {
      const text = family === 4 ? `10.${bits}.0.0/${length + 8}` : `fd00:${bits}::/${length + 24}`
      return parseCidr(text)!
    })
  const address: fc.Arbitrary<Address> = fc
    .tuple(fc.constantFrom(4, 6), fc.nat(20))
    .map(([family, bits]) => parseAddress(family === 4 ? `10.${bits}.1.1` : `fd00:${bits}::1`)!)

  test('finds what a look at every block finds', () => {
    fc.assert(
      fc.property(fc.array(block), address, block, (blocks, at, inner) => {
        const entries = blocks.map((b) => [b, formatCidr(b)] as const)
        const longest = (list: readonly Cidr[]) => [...list].sort((a, b) => b.length - a.length).map(formatCidr)
        const index = prefixIndex(entries)
        expect(index.find(at)).toBe(longest(blocks.filter((b) => contains(b, at)))[0])
        const around = blocks.filter((b) => b.length <= inner.length && contains(b, inner))
        expect(index.covering(inner)).toEqual([...new Set(longest(around))])
      }),
    )
  })
})
