import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { buildSniffer } from './build.ts'

let cache: string
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'sniffer-cache-'))
  vi.stubEnv('POSTERN_CACHE', cache)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(cache, { recursive: true, force: true })
})

test('builds at the same time give the same module, leave one file, and are not done again', async () => {
  const [one, other] = await Promise.all([buildSniffer(), buildSniffer()])
  expect(one).toEqual(other)
  const files = await readdir(cache)
  expect(files).toEqual([expect.stringMatching(/^sniffer-[0-9a-f]{32}\.wasm$/)])

  await writeFile(join(cache, files[0]!), 'cached')
  expect(Buffer.from((await buildSniffer()).wasm).toString()).toBe('cached')
})

test('the module asks Envoy for nothing but the eight functions it uses', async () => {
  vi.unstubAllEnvs()
  const module = new WebAssembly.Module((await buildSniffer()).wasm)
  expect(
    WebAssembly.Module.imports(module)
      .map(({ name }) => name)
      .sort(),
  ).toEqual([
    'proxy_close_stream',
    'proxy_continue_stream',
    'proxy_get_buffer_bytes',
    'proxy_get_current_time_nanoseconds',
    'proxy_get_property',
    'proxy_set_effective_context',
    'proxy_set_property',
    'proxy_set_tick_period_milliseconds',
  ])
})
