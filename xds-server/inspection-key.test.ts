import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { profileTokens } from './inspection-key.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-key-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a key is made once, for its owner’s eyes, and tokens are what whoever has it computes', () => {
  const first = profileTokens(folder)('p')
  const file = join(folder, 'inspection.key')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'hex')
  expect(first).toBe(createHmac('sha256', key).update('p').digest('hex'))
  expect(profileTokens(folder)('p')).toBe(first)
  expect(profileTokens(folder)('q')).not.toBe(first)
})

test('a file that holds no key is refused: nothing is signed with less', () => {
  writeFileSync(join(folder, 'inspection.key'), 'short\n')
  expect(() => profileTokens(folder)).toThrow(/inspection\.key holds no key of 32 bytes/)
})
