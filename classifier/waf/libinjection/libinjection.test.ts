import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { maxLibinjectionBytes } from '../limits.ts'
import { libinjection, native } from './libinjection.ts'
import { loadModule } from './module.ts'

const { detectSqli, detectXss } = libinjection()

describe('libinjection', () => {
  test('an attack has its fingerprint, other text has none', () => {
    const values = ["1' or '1'='1", '1 UNION SELECT password FROM users', "O'Brien", 'hello', '']
    expect(values.map(detectSqli)).toEqual(['s&sos', '1UEnk', undefined, undefined, undefined])
  })

  test('what copies with pruned tables miss is found', () => {
    const values = ['sleep(20)', "x' and 526=527", "a'+sleep(20.to_i)+'", 'a" sleep(10.to_i) "', "5' and 6"]
    expect(values.map(detectSqli)).toEqual(['f(1)', 's&1', 'sof(1', 'sf(1n', 's&1'])
  })

  test('script in tags and in attributes is found', () => {
    const values = ['<script>alert(1)</script>', 'x onerror=alert(1)', 'href=javascript:alert(1)', 'a < b', 'a=b']
    expect(values.map(detectXss)).toEqual([true, true, true, false, false])
  })

  test('bytes that are no UTF-8 are seen as they are', () => {
    expect(detectSqli("\xff\xfe' or 1=1 -- \xe9")).toBe('s&1c')
    expect(detectSqli('1\xa0union\xa0select\xa0a')).toBe(detectSqli('1 union select a'))
    expect(detectSqli("\xc3\xa9' or 1=1 -- ")).toBe('s&1c')
    expect(detectSqli("\0' or 1=1 -- ")).toBe('s&1c')
  })

  test('the verdict does not depend on the value before', () => {
    const short = ["'", '<', "' or", '&#x', '1-', "x' and 1", '<a href=&#', '/*', '<!-']
    const alone = short.map((value) => [native().detectSqli(value), native().detectXss(value)])
    const behind = short.map((value) => {
      detectXss(`${' '.repeat(20)}<script>`)
      detectSqli("'''''' or 1=1 -- ' union select 1 -- <script>")
      return [detectSqli(value), detectXss(value)]
    })
    expect(behind).toEqual(alone)
  })

  test('filling does not hide what is behind it, up to the limit', () => {
    expect(loadModule().capacity).toBe(maxLibinjectionBytes)
    const attack = "' or 1=1 -- "
    const filled = (filling: string): string => filling.repeat(maxLibinjectionBytes - attack.length) + attack
    expect(detectSqli(filled('a'))).toBe('s&1c')
    expect(detectSqli(filled(' '))).toBe('s&1c')
    expect(detectSqli(filled('  '))).toBeUndefined()
    expect(detectXss(`${'ab'.repeat(1000)}<script>alert(1)</script>`)).toBe(true)
  })

  test('no value needs a deep stack, however long', () => {
    for (const seed of ['<a ////', '<a/', '<a onabc ', "'", '1-', 'a/*', '<!--', '((', "q'(", '$a$']) {
      const value = seed.repeat((256 * 1024) / seed.length)
      expect([seed, typeof detectXss(value), detectSqli(value)?.length ?? 0]).toEqual([
        seed,
        'boolean',
        expect.any(Number),
      ])
    }
  })
})

const script = fileURLToPath(new URL('../../../scripts/libinjection.sh', import.meta.url))
const tools = spawnSync('bash', [script, '--cached']).status === 0
if (!tools) console.error('SKIPPED: building libinjection.wasm again, its sources and compiler are not in the cache')

test.skipIf(!tools)('the module that is kept is what its sources make', async () => {
  const { stdout } = await promisify(execFile)('bash', [script, '--check'])
  expect(stdout).toMatch(/^[0-9a-f]{64} {2}classifier\/waf\/libinjection\/wasm\/libinjection\.wasm\n$/)
})
