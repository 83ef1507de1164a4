import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { tokenLine } from '../envoy/verifier.ts'
import { type TokenFileProblem, tokenFile } from './token-file.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'postern-tokens-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function put(text: string): string {
  const path = join(dir, 'tokens')
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
  return path
}

test('the table follows the file; a broken file leaves it and is said once', () => {
  const problems: TokenFileProblem[] = []
  const table = tokenFile(join(dir, 'tokens'), (found) => problems.push(...found))
  expect([...table().keys()]).toEqual([])
  expect(problems).toHaveLength(1) // not there yet
  put(tokenLine('ui-1', 'secret'))
  expect([...table().keys()]).toEqual(['ui-1'])
  put(`${tokenLine('ui-1', 'secret')}\n${tokenLine('db-1', 'other')}\n`)
  expect([...table().keys()]).toEqual(['ui-1', 'db-1'])
  put('ui-1 not-a-hash')
  expect([...table().keys()]).toEqual(['ui-1', 'db-1'])
  expect([...table().keys()]).toEqual(['ui-1', 'db-1'])
  expect(problems.map((p) => p.path)).toEqual([join(dir, 'tokens'), 'line 1'])
})
