/** The lab's sidecar tokens, from a file that may change at any time: read again when it did, the last good one kept. */
import { readFileSync, statSync } from 'node:fs'
import { parseTokens, type TokenTable } from '../envoy/verifier.ts'

export type TokenFileProblem = { readonly path: string; readonly message: string }

/**
 * A table that follows the file. A file that can not be read or parsed leaves the table as it was and is reported once
 * per change. One stat per question: questions come once per stream.
 */
export function tokenFile(path: string, onProblems: (problems: readonly TokenFileProblem[]) => void): () => TokenTable {
  let table: TokenTable = new Map()
  let seen = ''
  return () => {
    const version = versionOf(path)
    if (version === seen) return table
    seen = version
    const parsed = read(path)
    if (parsed.ok) table = parsed.value
    else onProblems(parsed.problems)
    return table
  }
}

function versionOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true })
  return found === undefined ? 'missing' : `${found.ino}:${found.mtimeNs}:${found.size}`
}

function read(path: string) {
  try {
    return parseTokens(readFileSync(path, 'utf8'))
  } catch (error) {
    return { ok: false, problems: [{ path, message: (error as Error).message }] } as const
  }
}
