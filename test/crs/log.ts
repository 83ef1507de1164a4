/** What a stage of the regression asks of the log, judged as go-ftw does. */
import type { RuleMatch } from '../../classifier/waf/engine/model.ts'
import type { StageOutput } from './suite.ts'

/** What a request left in the log: ids of rules, and the lines themselves (`match_regex` reads them). */
export type LogEntry = { readonly ids: readonly number[]; readonly text: string }

export const logEntry = (ids: readonly number[], matches: readonly LoggedMatch[]): LogEntry => ({
  ids,
  text: matches.map(logLine).join('\n'),
})

export type LoggedMatch = Pick<RuleMatch, 'id' | 'message' | 'data'>

/** Empty: the log is as the stage wants it. */
export function logProblems(wanted: NonNullable<StageOutput['log']>, { ids, text }: LogEntry): readonly string[] {
  const missing = (wanted.expect_ids ?? []).filter((id) => !ids.includes(id)).map((id) => `${id} did not match`)
  const extra = (wanted.no_expect_ids ?? []).filter((id) => ids.includes(id)).map((id) => `${id} matched`)
  const { match_regex: there, no_match_regex: notThere } = wanted
  const unseen = there !== undefined && !new RegExp(there).test(text) ? [`the log has no ${there}: ${text}`] : []
  const seen = notThere !== undefined && new RegExp(notThere).test(text) ? [`the log has ${notThere}: ${text}`] : []
  return [...missing, ...extra, ...unseen, ...seen]
}

/** As ModSecurity writes it. */
const logLine = ({ id, message, data }: LoggedMatch): string =>
  `[id "${id}"] [msg "${printable(message)}"] [data "${printable(data)}"]`

const printable = (text: string): string =>
  text.replace(/[^\x20-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
