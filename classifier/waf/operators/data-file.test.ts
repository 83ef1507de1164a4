import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { maxDataFileBytes } from '../limits.ts'
import { linesOf } from './data-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-data-file-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const from = { file: join(folder, 'rules.conf') }

test('lines beside the rule’s file, without comments and empty ones', () => {
  writeFileSync(join(folder, 'words.data'), '# words\none\r\n\ntwo\n')
  expect(linesOf('words.data', from)).toEqual({ lines: ['one', 'two'] })
})

test('what is not there, comes from elsewhere, or is too long is refused', () => {
  writeFileSync(join(folder, 'long.data'), '')
  truncateSync(join(folder, 'long.data'), maxDataFileBytes + 1)
  expect(linesOf('gone.data', from)).toEqual({ message: 'gone.data can not be read (ENOENT)' })
  expect(linesOf('https://example.com/x', from)).toEqual({ message: 'a list is not fetched from the network' })
  expect(linesOf('long.data', from)).toEqual({ message: `long.data has more than ${maxDataFileBytes} bytes` })
})
