/** `postern waf`: rules and requests, without a control plane. */
import { type Command, InvalidArgumentError } from 'commander'
import { baseRules } from '../../classifier/waf/base.ts'
import { createEngine } from '../../classifier/waf/engine/evaluate.ts'
import { evaluateNdjson } from '../../classifier/waf/ndjson.ts'
import { type LoadOptions, loadRules, type Source } from '../../classifier/waf/seclang/load.ts'
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
    .description('Reads .conf files, or directories of them (a CRS one: crs-setup.conf and rules/*.conf).')
    .argument('<path...>', 'files and directories, in this order')
    .option('--lenient', 'leave out what is not understood')
    .action((paths: string[], { lenient = false }: Lenient) => {
      const loaded = loadRules(paths, { before: [baseRules], lenient })
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
        `${rules.length} rules with ${links} conditions${problems.length > 0 ? `, ${problems.length} skipped` : ''}\n`,
      )
    })
}

const problemLine = ({ file, line, message }: Problem): string =>
  clean(line === 0 ? `${file}: ${message}` : `${file}:${line}: ${message}`)

const evalHelp = `
A line for each request:
  {"method": "GET", "uri": "/?q=1", "protocol": "HTTP/1.1", "headers": [["Host", "shop"]], "body": <base64>,
   "remoteAddress": "10.0.0.7", "response": {"status": 200, "headers": [], "body": <base64>}}
Everything but the braces may be missing. Each is answered by {"ids", "score", "blocked", "us"}; us is microseconds.

Examples:
  echo '{"uri": "/?file=../../etc/passwd"}' | postern waf eval --rules /usr/share/modsecurity-crs -
  postern waf eval --rules crs --paranoia 3 requests.ndjson`

type EvalOptions = Lenient & {
  readonly rules?: readonly string[]
  readonly paranoia?: number
  readonly detectionOnly?: boolean
}

function addEval(waf: Command, { io }: Context): void {
  waf
    .command('eval')
    .summary('judge requests (NDJSON)')
    .description('Evaluates each request, and its response, with the rules, as if it came through Postern.')
    .argument('[file]', 'NDJSON; - is standard input', '-')
    .option('--rules <path>', 'rules: a file or a directory, also several times (default: $CRS_DIR)', collected)
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

function paranoiaLevel(text: string): number {
  if (!/^[1-4]$/.test(text)) throw new InvalidArgumentError('it is 1, 2, 3 or 4')
  return Number(text)
}

function rulesFor(io: Io, { rules, paranoia, detectionOnly = false, lenient = false }: EvalOptions) {
  const paths = rules ?? (io.env.CRS_DIR ? [io.env.CRS_DIR] : [])
  if (paths.length === 0) throw new InputError('which rules? --rules <path> or CRS_DIR says it')
  const options: LoadOptions = { before: [baseRules, settings(paranoia, detectionOnly)], lenient }
  const loaded = loadRules(paths, options)
  if (loaded.ok) return loaded.value
  throw new InputError(loaded.problems.map(problemLine).join('\n'))
}

/** Before CRS's own setup, which only fills in what is missing. */
function settings(paranoia: number | undefined, detectionOnly: boolean): Source {
  const actions = [
    'phase:1,nolog,pass',
    ...(paranoia === undefined ? [] : [`setvar:tx.blocking_paranoia_level=${paranoia}`]),
    ...(detectionOnly ? ['ctl:ruleEngine=DetectionOnly'] : []),
  ]
  return { file: 'settings', text: `SecAction "${actions.join(',')}"` }
}
