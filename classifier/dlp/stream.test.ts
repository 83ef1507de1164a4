import { expect, test } from 'vitest'
import { detectors } from './detectors.ts'
import { compileDetectors } from './program.ts'
import { redaction } from './redact.ts'
import { scanAll } from './stream.ts'
import { documents } from './testdata/documents.ts'

const program = compileDetectors(detectors)
const redact = redaction(Buffer.from('key'))
const scan = (...chunks: readonly Buffer[]) => scanAll(program, redact, chunks)

/** Detector and the original bytes it points at. */
function spans(document: Buffer): readonly string[] {
  return scan(document).map(({ detector, offset, length }) => {
    return `${detector} ${document
      .subarray(offset, offset + length)
      .toString('latin1')
      .slice(0, 40)}`
  })
}

test('numbers: the valid ones where they stand, and none of the look-alikes', () => {
  expect(spans(documents.numbers!)).toEqual([])
})
