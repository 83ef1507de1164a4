/** `postern waf`: rules and requests, without a control plane. */
import { type Command, InvalidArgumentError } from 'commander'
import { createEngine } from '../../classifier/waf/engine/evaluate.ts'
import { evaluateNdjson } from '../../classifier/waf/ndjson.ts'
import { loadFrom, type RuleOrigin, ruleOrigin } from '../../classifier/waf/rule-sets.ts'
import type { Problem } from '../../classifier/waf/seclang/model.ts'
import { InputError } from '../errors.ts'
import type { Context, Io } from '../io.ts'
import { clean } from '../output.ts'

export function addWaf(parent: Command, context: Context): void {
  const waf = parent.command('waf').summary('ModSecurity rules: load them, try requests')
  addLoad(waf, context)
  addEval(waf, context)
}

type Lenient = { readonly lenient?: boolean }

function addLoad(waf: Command, { io, exitWith }: Context): void {
  waf
    .command('load')
    .summary('read rules and say what was understood')
    .description(
      "Reads .conf files, or directories of them. A Core Rule Set's is its own (crs-setup.conf and rules/*.conf) or Debian's " +
        '(/usr/share/modsecurity-crs, with what is edited in /etc/modsecurity/crs).',
    )
    .argument('<path...>', 'files and directories, in this order')
    .option('--lenient', 'leave out what is not understood')
    .action((paths: string[], { lenient = false }: Lenient) => {
      const loaded = loadFrom({ kind: 'paths', paths }, { lenient })
      const problems = loaded.ok ? loaded.skipped : loaded.problems
      for (const problem of problems) io.err(`${problemLine(problem)}\n`)
      if (!loaded.ok) {
        io.err(`${problems.length} problems: nothing was loaded (--lenient leaves out what is not understood)\n`)
        exitWith(1)
        return
      }
      const { rules } = loaded.value
      const links = rules.reduce((sum, rule) => sum + rule.links.length, 0)
      io.out(
        `${rules.length} rules with ${links} conditions${problems.length > 0 ? `, ${problems.length} left out` : ''}\n`,
      )
    })
}

const problemLine = ({ file, line, message }: Problem): string =>
  clean(line === 0 ? `${file}: ${message}` : `${file}:${line}: ${message}`)

const evalHelp = `
A line for each request:
  {"method": "GET", "uri": "/?q=1", "protocol": "HTTP/1.1", "headers": [["Host", "shop"]], "body": <base64>,
   "remoteAddress": "10.0.0.7", "response": {"status": 200, "headers": [], "body": <base64>}}
Everything but the braces may be missing. Each is answered by {"ids", "score", "blocked", "us"}: the rules that matched, the
anomaly score, whether a rule ended it ("by" says which), and the microseconds it took.

Rules: --rules, or else the directory that CRS_DIR names, or else those that come with Postern (--rules base).

Examples:
  echo '{"uri": "/?file=../../etc/passwd"}' | postern waf eval
  echo '{"uri": "/?id=1%27%20or%201=1--"}' | postern waf eval --rules /usr/share/modsecurity-crs -
  postern waf eval --rules coreruleset --paranoia 3 requests.ndjson`

type EvalOptions = Lenient & {
  readonly rules?: readonly string[]
  readonly paranoia?: 1 | 2 | 3 | 4
  readonly detectionOnly?: boolean
}

function addEval(waf: Command, { io }: Context): void {
  waf
    .command('eval')
    .summary('judge requests (NDJSON)')
    .description('Evaluates each request, and its response, with the rules, as if it came through Postern.')
    .argument('[file]', 'NDJSON; - is standard input', '-')
    .option('--rules <path>', 'a file, a directory, or `base`; also several times', collected)
    .option('--paranoia <level>', "CRS's paranoia level, 1 to 4", paranoiaLevel)
    .option('--detection-only', 'no rule ends the evaluation')
    .option('--lenient', 'leave out what is not understood in the rules')
    .addHelpText('after', evalHelp)
    .action(async (file: string, options: EvalOptions) => {
      const engine = createEngine(rulesFor(io, options))
      for await (const answer of evaluateNdjson(io.stream(file), engine)) io.out(`${JSON.stringify(answer)}\n`)
    })
}

const collected = (path: string, before: readonly string[] = []): readonly string[] => [...before, path]

function paranoiaLevel(text: string): 1 | 2 | 3 | 4 {
  if (!/^[1-4]$/.test(text)) throw new InvalidArgumentError('it is 1, 2, 3 or 4')
  return Number(text) as 1 | 2 | 3 | 4
}

function rulesFor(io: Io, { rules, ...settings }: EvalOptions) {
  const origin = originOf(io, rules)
  const loaded = loadFrom(origin, settings)
  if (!loaded.ok) throw new InputError(loaded.problems.map(problemLine).join('\n'))
  for (const problem of loaded.skipped) io.err(`left out: ${problemLine(problem)}\n`)
  return loaded.value
}

/** `base` alone is the pack; a directory of that name is `./base`. */
function originOf({ env, err }: Io, rules: readonly string[] = []): RuleOrigin {
  if (rules.length === 1 && rules[0] === 'base') return ruleOrigin('base')
  if (rules.length > 0) return { kind: 'paths', paths: rules }
  const { because, ...origin } = ruleOrigin('crs', env.CRS_DIR || undefined)
  if (because !== undefined) err(`${because}\n`)
  return origin
}
