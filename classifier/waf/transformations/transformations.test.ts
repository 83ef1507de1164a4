import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { transformations } from './transformations.ts'

const apply = (name: string, value: string): string => transformations[name]!(value)

/** What the cases of ModSecurity and Coraza (`seclang-cases.test.ts`) leave open. */
describe('transformations', () => {
  test.each<[string, string, string]>([
    ['base64Decode', 'VGVz\ndA==trailing', 'Test'],
    ['base64Decode', 'VGV*zdA', 'Te'],
    ['base64DecodeExt', 'VG V-zdA==', 'Test'],
    ['base64Encode', '\xff\x00', '/wA='],
    ['cmdLine', 'c^md.exe  /C "d\'ir" ,(x', 'cmd.exe/c dir(x'],
    ['compressWhitespace', 'a\xa0\t \vb', 'a\xa0 b'],
    ['cssDecode', '\\61\\62 c\\0000e9\\d800', 'abc\xc3\xa9\xef\xbf\xbd'],
    ['escapeSeqDecode', '\\q\\x4a\\x4', 'qJ\\x4'],
    ['hexDecode', '4a4B', 'JK'],
    ['htmlEntityDecode', '&#x41;&#65&LT;&amp;quot;&nbsp;&unknown;&#x141;&#;', 'AA<&quot;\xa0&unknown;A&#;'],
    ['htmlEntityDecode', '&#x00000000000000000041;&#00000000000000000000000000065;', 'AA'],
    ['htmlEntityDecode', '&#xe9;&#233;', '\xe9\xe9'],
    ['utf8toUnicode', '\xed\xa0\x80\xc0\xaf\xf4\x90\x80\x80', '\xed\xa0\x80\xc0\xaf\xf4\x90\x80\x80'],
    ['jsDecode', '\\u0041\\x42\\103\\uff1c\\u0141\\q\\', 'ABC<Aq\\'],
    ['lowercase', 'A\xc9Z', 'a\xc9z'],
    ['uppercase', 'a\xe9z', 'A\xe9Z'],
    ['normalizePath', '/a/./b//../c', '/a/c'],
    ['normalisePath', '/../../etc', '/etc'],
    ['normalizePathWin', 'a\\..\\b', 'b'],
    ['removeComments', 'a<!-- b -->c/* d */e', 'ace'],
    ['removeComments', '1-- b', '1 '],
    ['removeComments', '/**/#x', ' '],
    ['removeCommentsChar', 'a/**/b--c#d<!--e-->', 'abcde'],
    ['removeWhitespace', 'a \xa0\v\0b', 'a\0b'],
    ['replaceComments', 'a/*b*/c/*d', 'a c '],
    ['sqlHexDecode', 'select 0x414243 0x4', 'select ABC 0x4'],
    ['trim', '\v a b\n', 'a b'],
    ['urlDecodeUni', '%u0027%U0027%uff07%u2019%u02b9%u0430', "'''''0"],
    ['urlDecode', '%41%u0041+%', 'A%u0041 %'],
    ['utf8toUnicode', '\xc3\xa9\xff\xe2\x82\xac\xf0\x9f\x98\x80a', '%u00e9\xff%u20ac%u1f600a'],
  ])('%s of %j', (name, value, expected) => expect(apply(name, value)).toBe(expected))

  const bytes = fc
    .array(fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...Buffer.from('%u\\x0/*-#&;<>+.="'))))
    .map((list) => Buffer.from(list).toString('latin1'))

  test.each(Object.keys(transformations))('%s makes bytes of bytes', (name) => {
    fc.assert(fc.property(bytes, (value) => Array.from(apply(name, value)).every((byte) => byte <= '\xff')))
  })

  test.each([
    ['base64Encode', 'base64Decode'],
    ['hexEncode', 'hexDecode'],
    ['urlEncode', 'urlDecode'],
  ])('%s is undone by %s', (encode, decode) => {
    fc.assert(fc.property(bytes, (value) => apply(decode, apply(encode, value)) === value))
  })

  test.each(['lowercase', 'normalisePath', 'trim', 'compressWhitespace', 'removeNulls', 'removeWhitespace'])(
    '%s done twice is as done once',
    (name) => fc.assert(fc.property(bytes, (value) => apply(name, apply(name, value)) === apply(name, value))),
  )

  test.each(Object.keys(transformations))('%s takes time as its value is long', (name) => {
    for (const seed of ['/*', ' ', '../', '/*/', '<!-', '\\', '%u', '&#', 'A', '0x', '\xe2\x82', '-', '\\0', ' /']) {
      const value = seed.repeat(64 * 1024)
      const from = process.cpuUsage()
      apply(name, value)
      const { user, system } = process.cpuUsage(from)
      // Linear work takes some milliseconds; what is quadratic in 128 KB takes many seconds.
      expect([seed, user + system < 1_500_000]).toEqual([seed, true])
    }
  })
})
