/** What went wrong, in lines: one for each problem with its path; after a conflict, what the others changed. */
import type { Problem } from '../xds-server/policy/model.ts'
import { changesText } from './changes.ts'
import { ApiProblem, Unreachable } from './client.ts'
import type { Io } from './io.ts'
import { clean, paint } from './output.ts'
import { InputProblems } from './problems.ts'

/** A problem of the command's own input: a file that can not be read, for instance. */
export class InputError extends Error {}

export function explain(io: Io, error: unknown): string {
  if (error instanceof ApiProblem) return problemText(io, error)
  if (error instanceof Unreachable || error instanceof InputError) return line(io, error.message)
  if (error instanceof InputProblems) return problemLines(io, error.problems)
  // A defect: whoever reports it needs the stack.
  return `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`
}

function problemText(io: Io, { document }: ApiProblem): string {
  const { problems, diff, title, detail } = document
  const said = problems.length > 0 ? problemLines(io, problems) : line(io, detail ?? title)
  if (diff === undefined) return said
  return `${line(io, title)}What changed since:\n${changesText(io, diff)}Look again, then repeat the command.\n`
}

const problemLines = (io: Io, problems: readonly Problem[]): string =>
  problems.map(({ path, message }) => line(io, path === '' ? message : `${path}: ${message}`)).join('')

const line = (io: Io, text: string): string => `${paint(io, 'red', 'error:')} ${clean(text)}\n`
