/** CRS's regression in process: each stage through the engine, its assertions on the log judged as go-ftw does. */
import { baseRules } from '../../classifier/waf/base.ts'
import { createEngine, type Engine } from '../../classifier/waf/engine/evaluate.ts'
import { loadRules, type Source } from '../../classifier/waf/seclang/load.ts'
import type { RuleSet } from '../../classifier/waf/seclang/model.ts'
import { answer } from './albedo.ts'
import { received } from './front.ts'
import { logEntry, logProblems } from './log.ts'
import { requestOf } from './request.ts'
import { readSuite, type Stage } from './suite.ts'

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
  const problems = logProblems(output.log!, logEntry(ids, matches))
  return problems.length > 0 ? { stage: name, description, problems } : undefined
}
