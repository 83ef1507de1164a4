/** CRS's regression in process: each stage through the engine, its assertions on the log judged as go-ftw does. */
import { baseRules } from '../../classifier/waf/base.ts'
import { createEngine, type Engine } from '../../classifier/waf/engine/evaluate.ts'
import type { RuleMatch } from '../../classifier/waf/engine/model.ts'
import { loadRules, type Source } from '../../classifier/waf/seclang/load.ts'
import type { RuleSet } from '../../classifier/waf/seclang/model.ts'
import { answer } from './albedo.ts'
import { received } from './front.ts'
import { requestOf } from './request.ts'
import { readSuite, type Stage, type StageOutput } from './suite.ts'

/** The server under test as CRS's README wants it (`tests/regression/README.md`). */
const setup: Source = {
  file: 'regression-setup',
  text: `SecAction "id:900005,phase:1,nolog,pass,ctl:ruleEngine=DetectionOnly,ctl:ruleRemoveById=910000,\\
    setvar:tx.blocking_paranoia_level=4,setvar:tx.crs_validate_utf8_encoding=1,setvar:tx.arg_name_length=100,\\
    setvar:tx.arg_length=400,setvar:tx.total_arg_length=64000,setvar:tx.max_num_args=255,\\
    setvar:tx.max_file_size=64100,setvar:tx.combined_file_sizes=65535"`,
}

export function loadUnderTest(crs: string): RuleSet {
  const loaded = loadRules([crs], { before: [baseRules, setup] })
  if (loaded.ok) return loaded.value
  throw new Error(loaded.problems.map(({ file, line, message }) => `${file}:${line}: ${message}`).join('\n'))
}

export type Failure = { readonly stage: string; readonly description: string; readonly problems: readonly string[] }
export type Report = {
  /** Stages that say something about the log. */
  readonly judged: number
  readonly failures: readonly Failure[]
  /** Only a server's status can answer them. */
  readonly statusOnly: number
}

export function runRegression(crs: string, only?: RegExp): Report {
  const engine = createEngine(loadUnderTest(crs))
  const stages = readSuite(crs).filter(({ name }) => only === undefined || only.test(name))
  const judged = stages.filter(({ output }) => output.log !== undefined)
  return {
    judged: judged.length,
    failures: judged.flatMap((stage) => failureOf(stage, engine) ?? []),
    statusOnly: stages.length - judged.length,
  }
}

function failureOf({ name, description, input, output }: Stage, engine: Engine): Failure | undefined {
  const request = received(requestOf(input))
  const { ids, matches } = request ? engine.evaluate(request, answer(request)) : { ids: [], matches: [] }
  const problems = problemsOf(output.log!, ids, matches.map(logLine).join('\n'))
  return problems.length > 0 ? { stage: name, description, problems } : undefined
}

function problemsOf(log: NonNullable<StageOutput['log']>, ids: readonly number[], text: string): readonly string[] {
  const missing = (log.expect_ids ?? []).filter((id) => !ids.includes(id)).map((id) => `${id} did not match`)
  const extra = (log.no_expect_ids ?? []).filter((id) => ids.includes(id)).map((id) => `${id} matched`)
  const { match_regex: wanted, no_match_regex: unwanted } = log
  const unseen = wanted !== undefined && !new RegExp(wanted).test(text) ? [`the log has no ${wanted}: ${text}`] : []
  const seen = unwanted !== undefined && new RegExp(unwanted).test(text) ? [`the log has ${unwanted}: ${text}`] : []
  return [...missing, ...extra, ...unseen, ...seen]
}

/** As ModSecurity writes it; `match_regex` reads it. */
const logLine = ({ id, message, data }: RuleMatch): string =>
  `[id "${id}"] [msg "${printable(message)}"] [data "${printable(data)}"]`

const printable = (text: string): string =>
  text.replace(/[^\x20-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
