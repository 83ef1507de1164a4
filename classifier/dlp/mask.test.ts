import { expect, test } from 'vitest'
import { detectors } from './detectors.ts'
import { mask } from './mask.ts'
import { compileDetectors } from './program.ts'
import { redaction } from './redact.ts'
import { scanAll } from './stream.ts'
import { documents } from './testdata/documents.ts'

const program = compileDetectors(detectors)
const find = (text: Buffer) => scanAll(program, redaction(), [text]).findings

test('masked in place: as long as before, nothing left to find, and still what it was', () => {
  for (const document of Object.values(documents)) {
    const masked = Buffer.from(document)
    mask(masked, find(document))
    expect(masked.length).toBe(document.length)
    expect(find(masked)).toEqual([])
  }
})

test('masking leaves JSON and URLs whole, and what lies outside of a chunk alone', () => {
  const masked = (text: string) => {
    const bytes = Buffer.from(text)
    mask(bytes, find(bytes))
    return bytes.toString()
  }
  expect(masked('{"a":"\\u0034111111111111111","b":4111111111111111}')).toBe(
    '{"a":"\\u0030000000000000000","b":0000000000000000}',
  )
  expect(masked('m=jane.doe%40example.com&c=4111%201111%201111%201111')).toBe(
    'm=XXXX.XXX%30XXXXXXX.XXX&c=0000%300000%300000%300000',
  )
  const part = Buffer.from('1111 and more')
  mask(part, [{ offset: 0, length: 16 }], 12)
  expect(part.toString()).toBe('0000 and more')
})
