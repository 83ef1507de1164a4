/**
 * Files as they are now and after each change, together: what Kubernetes mounts from a Secret or ConfigMap is replaced
 * by a rename of their folder's link. Promises: one reading at a time; the same contents are told once.
 */
import { type FSWatcher, watch } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A certificate chain or a settings file is some KiB. */
const maxFileBytes = 1024 * 1024
/** A watch can be lost (a folder that was replaced); looking again costs nothing. */
const againMs = 30_000

export type Following<K extends string> = {
  readonly paths: Readonly<Record<K, string>>
  readonly onFiles: (texts: Readonly<Record<K, string>>) => void
  /** Could not be read, or `onFiles` threw. */
  readonly onProblem: (error: unknown) => void
  readonly signal: AbortSignal
}

/** Resolves after the first reading. */
export async function follow<K extends string>({ paths, onFiles, onProblem, signal }: Following<K>): Promise<void> {
  let last = ''
  let reading: Promise<void> | undefined
  let again = false

  async function readOnce(): Promise<void> {
    const entries = Object.entries<string>(paths).map(async ([name, path]) => [name, await readBounded(path)] as const)
    const texts = Object.fromEntries(await Promise.all(entries)) as Record<K, string>
    const now = JSON.stringify(texts)
    if (now === last || signal.aborted) return
    last = now
    onFiles(texts)
  }
  async function readUntilQuiet(): Promise<void> {
    do {
      again = false
      await readOnce().catch(onProblem)
    } while (again)
  }
  function changed(): Promise<void> {
    again = true
    reading ??= readUntilQuiet().finally(() => {
      reading = undefined
    })
    return reading
  }
  for (const folder of new Set(Object.values<string>(paths).map(dirname))) watchFolder(folder, signal, changed)
  const timer = setInterval(() => void changed(), againMs).unref()
  signal.addEventListener('abort', () => clearInterval(timer))
  await changed()
}

function watchFolder(folder: string, signal: AbortSignal, onChange: () => void): void {
  try {
    const watcher: FSWatcher = watch(folder, { signal }, onChange)
    // the interval sees what the watch no longer does
    watcher.on('error', () => watcher.close())
  } catch {
    // no such folder: the reading says so
  }
}

async function readBounded(path: string): Promise<string> {
  await using file = await open(path)
  const { size } = await file.stat()
  if (size > maxFileBytes) throw new Error(`${path}: ${size} bytes, more than ${maxFileBytes}`)
  return file.readFile('utf8')
}
