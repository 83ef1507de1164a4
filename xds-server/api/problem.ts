/** The API's one error class; unknown errors are turned into it at the border, with their cause kept for the log. */
import type { z } from 'zod'
import type { Parsed, Problem } from '../policy/model.ts'
import { type Change, type ProblemCode, type ProblemDocument, problemKinds, problemType } from './contract/problem.ts'

type Extras = {
  readonly problems?: readonly Problem[]
  readonly diff?: readonly Change[]
  readonly revision?: string
  readonly cause?: unknown
}

export class ApiError extends Error {
  readonly code: ProblemCode
  readonly extras: Extras

  constructor(code: ProblemCode, detail: string, extras: Extras = {}) {
    super(detail, { cause: extras.cause })
    this.code = code
    this.extras = extras
  }

  /** The body of the answer, `application/problem+json`. */
  document(): ProblemDocument {
    const { problems = [], diff, revision } = this.extras
    const kind = problemKinds[this.code]
    return {
      type: problemType(this.code),
      title: kind.title,
      status: kind.status,
      detail: this.message,
      problems,
      ...(diff && { diff }),
      ...(revision && { revision }),
    }
  }
}

/** One problem at one path: the common case of `invalid`. */
export const invalid = (path: string, message: string): ApiError =>
  new ApiError('invalid', message, { problems: [{ path, message }] })

/** What the parser accepted, or every problem it found. */
export function accepted<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value
  const { problems } = parsed
  throw new ApiError('invalid', countOf(problems), { problems })
}

/** A sentence for the `detail` of several problems. */
export const countOf = (problems: readonly Problem[]): string =>
  problems.length === 1 ? 'There is one problem.' : `There are ${problems.length} problems.`

export const notFound = (what: string): ApiError => new ApiError('not-found', `There is no ${what}.`)

/** Zod's issues as problems with our paths: `rules[3].ports`, `query.limit`. */
export function problemsOf(error: z.ZodError, prefix: string): readonly Problem[] {
  return error.issues.map((issue) => ({ path: placeOf(issue, prefix), message: issue.message }))
}

/** The policy's parsers say their own paths (`judged` in contract/documents.ts). */
function placeOf(issue: z.core.$ZodIssue, prefix: string): string {
  const own = issue.code === 'custom' ? issue.params?.path : undefined
  return typeof own === 'string' ? own : pathText([...(prefix === '' ? [] : [prefix]), ...issue.path])
}

const pathText = (parts: readonly PropertyKey[]): string =>
  parts.map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`)).join('')
