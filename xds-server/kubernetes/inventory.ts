/**
 * Outside → `Inventory`, from a file: what the lab (or any other place without a Kubernetes API) writes by rename.
 *
 * Promises: a file is taken whole or not at all, every problem with its path; the last good inventory stays with the
 * caller. Never decides what an address means: that is policy's.
 */
import { constants, type FSWatcher, watch } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Inventory, Parsed, Problem } from '../policy/model.ts'
import { parseInventory } from '../policy/parse-inventory.ts'

/** Past it the file is refused: 2,000 workloads take about 1 MiB. */
export const maxInventoryBytes = 64 * 1024 * 1024
/** A watch that failed (its folder went away) is set again after this long; the file is read again then too. */
const rewatchMs = 1_000

/** Reads and parses the file; a file that is missing, too large or no JSON is a problem, never an exception. */
export async function readInventory(path: string): Promise<Parsed<Inventory>> {
  const text = await readBounded(path)
  if (typeof text !== 'string') return { ok: false, problems: [text] }
  try {
    return parseInventory(JSON.parse(text))
  } catch (error) {
    return { ok: false, problems: [{ path: '', message: `${path}: ${(error as Error).message}` }] }
  }
}

async function readBounded(path: string): Promise<string | Problem> {
  try {
    // one handle for size and bytes: the file may be renamed over in between
    await using file = await open(path, constants.O_RDONLY)
    const { size } = await file.stat()
    if (size > maxInventoryBytes) return { path: '', message: `${path}: ${size} bytes, more than ${maxInventoryBytes}` }
    return await file.readFile('utf8')
  } catch (error) {
    return { path: '', message: (error as Error).message }
  }
}

/**
 * Reads the file now and after each change, one read at a time, and hands over what it says: first before it resolves,
 * then for every reading that differs from the one before. Ends with the signal.
 */
export async function watchInventory(
  path: string,
  options: { readonly signal: AbortSignal; readonly onReading: (reading: Parsed<Inventory>) => void },
): Promise<void> {
  const { signal, onReading } = options
  let last = ''
  let reading: Promise<void> | undefined
  let again = false

  async function readOnce(): Promise<void> {
    const now = await readInventory(path)
    const text = JSON.stringify(now)
    if (text === last || signal.aborted) return
    last = text
    onReading(now)
  }
  async function readUntilQuiet(): Promise<void> {
    do {
      again = false
      await readOnce()
    } while (again)
  }
  function changed(): Promise<void> {
    again = true
    reading ??= readUntilQuiet().finally(() => {
      reading = undefined
    })
    return reading
  }

  watchFolder(path, signal, changed)
  await changed()
}

/** The folder, not the file: a rename over the file ends a watch on the file itself. */
function watchFolder(path: string, signal: AbortSignal, onChange: () => Promise<void>): void {
  if (signal.aborted) return
  const again = () => {
    setTimeout(() => {
      watchFolder(path, signal, onChange)
      void onChange()
    }, rewatchMs).unref()
  }
  try {
    const watcher: FSWatcher = watch(dirname(path), { signal }, (_event, file) => {
      if (file === null || file === basename(path)) void onChange()
    })
    watcher.on('error', () => {
      watcher.close()
      again()
    })
  } catch {
    again()
  }
}
