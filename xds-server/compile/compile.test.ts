import { describe, expect, test } from 'vitest'
import { caseNames, golden, shown, writeGolden } from './testdata/cases.ts'

describe('each case compiles to what was reviewed (UPDATE_GOLDENS=1 rewrites)', () => {
  test.each(caseNames)('%s', (name) => {
    const text = shown(name)
    if (process.env.UPDATE_GOLDENS === '1') writeGolden(name, text)
    expect(text).toBe(golden(name))
  })
})
