/**
 * Builds the sniffer: the protocol signatures and the plugin around them, compiled by AssemblyScript into one Wasm module.
 * Built when first asked for (a few seconds) and cached under the hash of everything that goes into it, so that control
 * plane, tests and set-up get the same bytes without a build step. Builds running at the same time do not meet: each works
 * in its own folder and renames its result into place. Never fetches anything.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** The module, and its SHA-256 in hex as Envoy's `AsyncDataSource` and our logs name it. */
export type Sniffer = { readonly wasm: Uint8Array; readonly sha256: string }

const protocolFolder = fileURLToPath(new URL('../protocol', import.meta.url))
const pluginFolder = fileURLToPath(new URL('./wasm', import.meta.url))
/**
 * No garbage collector, no library, no host imports but proxy-wasm's. With shrink level 1 the module is a third (20 KB) of
 * what plain -O3 makes by inlining every comparison, and as fast.
 */
const options = ['-O3', '--shrinkLevel', '1', '--noAssert', '--runtime', 'stub', '--use', 'abort=']

const require = createRequire(import.meta.url)
const run = promisify(execFile)

/** The sniffer of these sources, from the cache or built now. Fails with the compiler's messages. */
export async function buildSniffer(): Promise<Sniffer> {
  const cache = process.env.POSTERN_CACHE ?? join(homedir(), '.cache/postern')
  const cached = join(cache, `sniffer-${await hashOfSources()}.wasm`)
  const wasm = (await readIfThere(cached)) ?? (await buildInto(cache, cached))
  return { wasm, sha256: createHash('sha256').update(wasm).digest('hex') }
}

async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function buildInto(cache: string, cached: string): Promise<Uint8Array> {
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'sniffer-build-'))
  try {
    const built = await compile(folder)
    await rename(built, cached)
    return new Uint8Array(await readFile(cached))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Same layout as here, except that the sniffer's own `bytes.ts` stands in for Node's. Returns the module's path. */
async function compile(folder: string): Promise<string> {
  for (const name of await sources(protocolFolder)) await cp(join(protocolFolder, name), join(folder, 'protocol', name))
  await cp(pluginFolder, join(folder, 'sniffer/wasm'), { recursive: true })
  await cp(join(pluginFolder, 'bytes.ts'), join(folder, 'protocol/bytes.ts'))
  const compiler = require.resolve('assemblyscript/bin/asc.js')
  const args = [compiler, 'sniffer/wasm/plugin.ts', '-o', 'sniffer.wasm', ...options]
  await run(process.execPath, args, { cwd: folder, env: {} })
  return join(folder, 'sniffer.wasm')
}

async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([compilerVersion(), options]))
  for (const folder of [protocolFolder, pluginFolder]) {
    for (const name of await sources(folder)) hash.update(`\0${name}\0`).update(await readFile(join(folder, name)))
  }
  return hash.digest('hex').slice(0, 32)
}

function compilerVersion(): string {
  return (require('assemblyscript/package.json') as { version: string }).version
}

/** What goes into the module: no tests, no declarations for Node. */
async function sources(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder)
  return names.filter((name) => name.endsWith('.ts') && !/\.(test|d)\.ts$/.test(name)).sort()
}
