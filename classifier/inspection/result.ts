/** What each sensor says of a message, and what all of them together mean. */
import { maxFindings } from './limits.ts'
import type { Finding, Verdict } from './model.ts'

export type Result = {
  /** Status of a refusal that is to be done; undefined: it may pass. */
  readonly refusal: number | undefined
  readonly findings: readonly Finding[]
  readonly found: number
  readonly score: number
  readonly partial: string | undefined
}

export const nothingFound: Result = { refusal: undefined, findings: [], found: 0, score: 0, partial: undefined }

/** The body to go on instead. */
export type Replacement = { readonly masked: Uint8Array; readonly decoded: boolean }

const ranks: Readonly<Record<string, number>> = { critical: 0, error: 1, warning: 2, notice: 3 }
const rank = ({ severity }: Finding): number => ranks[severity] ?? 3

/** The first refusal counts; the gravest findings are shown. */
export function verdictOf(results: readonly Result[], replacement: Replacement | undefined, us: number): Verdict {
  const refusal = results.find((result) => result.refusal !== undefined)?.refusal
  return {
    action: refusal === undefined ? 'pass' : 'deny',
    status: refusal ?? 200,
    findings: results
      .flatMap(({ findings }) => findings)
      .sort((a, b) => rank(a) - rank(b))
      .slice(0, maxFindings),
    found: results.reduce((sum, { found }) => sum + found, 0),
    score: Math.max(0, ...results.map(({ score }) => score)),
    partial: results.find(({ partial }) => partial !== undefined)?.partial,
    masked: refusal === undefined ? replacement?.masked : undefined,
    decoded: refusal === undefined && replacement?.decoded === true,
    us,
  }
}

/** No verdict could be had. `reason` is for people. */
export const failed = (reason: string): Verdict => ({
  action: 'error',
  status: 503,
  findings: [],
  found: 0,
  score: 0,
  partial: reason,
  masked: undefined,
  decoded: false,
  us: 0,
})
