/** Third-party test data (`../shared/data` beside the project): read in place where it is, never copied into it. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Undefined where the data is not on this machine; the caller says what it skips. `CRS_DIR` names another CRS. */
export function testData(name: 'crs' | 'libinjection' | 'seclang-cases'): string | undefined {
  const root = process.env.POSTERN_DATA ?? resolve(import.meta.dirname, '../../shared/data')
  const directory = name === 'crs' && process.env.CRS_DIR ? process.env.CRS_DIR : join(root, name)
  return existsSync(directory) ? directory : undefined
}
