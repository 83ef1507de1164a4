/** What went wrong, in lines: one for each problem with its path; after a conflict, what the others changed. */
import { changesText } from './changes.ts'
import { ApiProblem, Unreachable } from './client.ts'
import type { Io } from './io.ts'
import { clean, paint } from './output.ts'

/** A problem of the command's own input: a file that can not be read, for instance. */
export class InputError extends Error {}

export function explain(io: Io, error: unknown): string {
  if (error instanceof ApiProblem) return problemText(io, error)
  if (error instanceof Unreachable || error instanceof InputError) return line(io, error.message)
  // A defect: whoever reports it needs the stack.
  return `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`
}

function problemText(io: Io, { document }: ApiProblem): string {
  const { problems, diff, title, detail } = document
  const lines = problems.map((p) => line(io, p.path === '' ? p.message : `${p.path}: ${p.message}`))
  const said = lines.length > 0 ? lines.join('') : line(io, detail ?? title)
  if (diff === undefined) return said
  return `${line(io, title)}What changed since:\n${changesText(io, diff)}Look again, then repeat the command.\n`
}

const line = (io: Io, text: string): string => `${paint(io, 'red', 'error:')} ${clean(text)}\n`
