/** `postern sensors test`: what a sensor makes of a request, pattern by pattern. Nothing is sent anywhere. */
import type { Command } from 'commander'
import { redaction } from '../../classifier/dlp/redact.ts'
import {
  type Explanation,
  explain,
  type PatternExplanation,
  type RuleExplanation,
} from '../../classifier/inspection/explain.ts'
import type { Parsed } from '../../xds-server/policy/model.ts'
import { parseDlpSensor, parseWafSensor } from '../../xds-server/policy/parse-sensor.ts'
import {
  type DlpSensor,
  predefinedDlpSensors,
  predefinedWafSensors,
  type WafSensor,
} from '../../xds-server/policy/sensor.ts'
import { InputError } from '../errors.ts'
import { requestsIn, type WrittenRequest } from '../http-request.ts'
import type { Context, Io } from '../io.ts'
import { type Column, clean, type Format, paint, print, table, withOutput } from '../output.ts'
import { readBytes, readPolicy } from '../policy-file.ts'
import { InputProblems } from '../problems.ts'
import { type Kind, type KindOptions, partOf, sensorCalled, wantedKinds, withKind } from '../sensor-kinds.ts'

type Options = KindOptions & {
  readonly output: Format
  readonly request: string
  readonly file?: string
  readonly crs?: string
}
type Sensor = WafSensor | DlpSensor
/** What was made of one request. */
type Answer = Pick<WrittenRequest, 'name'> & { readonly method: string; readonly path: string } & Explanation

const help = `
The request is a file as it goes over the wire, or NDJSON as waf eval takes it:
  POST /login?next=/ HTTP/1.1
  Host: shop
  Content-Type: application/x-www-form-urlencoded

  name=x'+or+1=1--

What DLP patterns find is shown redacted. A rule matches where every pattern is had, or not had, as it says.

Examples:
  postern sensors test crs --request attack.http
  postern sensors test mine --file sensors.yaml --request requests.ndjson -o json`

export function addSensorTest(sensors: Command, context: Context): void {
  const { io } = context
  withKind(withOutput(sensors.command('test')))
    .summary('what a sensor makes of requests, and how long each pattern takes')
    .argument('<name>')
    .requiredOption('--request <file>', 'HTTP/1 or NDJSON; - is standard input')
    .option('--file <file>', 'the sensor is in this file, as apply takes it (default: in the control plane)')
    .option('--crs <dir>', 'the Core Rule Set (default: $CRS_DIR, or else the rules that come with Postern)')
    .addHelpText('after', help)
    .action(async (name: string, options: Options) => {
      const sensor =
        options.file === undefined ? await stored(context, name, options) : await written(io, name, options)
      const answers = requestsIn(await readBytes(io, options.request)).map((request) => {
        return answered(io, sensor, request, options.crs)
      })
      print(io, options.output, answers, () => answers.map((answer) => answerText(io, answer)).join('\n'))
    })
}

const predefined: Readonly<Record<Kind, readonly Sensor[]>> = { waf: predefinedWafSensors, dlp: predefinedDlpSensors }
const parsers: Readonly<Record<Kind, (input: unknown, path?: string) => Parsed<Sensor>>> = {
  waf: parseWafSensor,
  dlp: parseDlpSensor,
}

async function stored({ client }: Context, name: string, options: KindOptions): Promise<Sensor> {
  const { kind, sensor } = await sensorCalled(client(), name, options)
  return predefined[kind].find((own) => own.name === name) ?? valid(parsers[kind](sensor, name))
}

/** The one of that name, judged as the API would; others in the file do not matter. */
async function written(io: Io, name: string, options: Options): Promise<Sensor> {
  const policy = await readPolicy(io, options.file!)
  const found = wantedKinds(options).flatMap((kind) => {
    const list = policy[partOf[kind]]
    const named = Array.isArray(list) ? list.findIndex((one) => one?.name === name) : -1
    return named < 0 ? [] : [{ kind, input: (list as readonly unknown[])[named], path: `${partOf[kind]}[${named}]` }]
  })
  if (found.length === 0) throw new InputError(`${options.file}: there is no sensor ${name} in it`)
  if (found.length > 1) throw new InputError(`${options.file}: ${name} is a WAF and a DLP sensor: say --waf or --dlp`)
  const { kind, input, path } = found[0]!
  return valid(parsers[kind](input, path))
}

function valid<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value
  throw new InputProblems(parsed.problems)
}

function answered(io: Io, sensor: Sensor, { name, head, body }: WrittenRequest, crs = io.env.CRS_DIR): Answer {
  const key = io.env.POSTERN_DLP_KEY
  const redact = redaction(key === undefined ? undefined : Buffer.from(key))
  const options = { redact, ...(crs && { crsDirectory: crs }) }
  const explained = valid(explain(sensor, head, { bytes: body, end: true }, options))
  return { name, method: head.method, path: head.path, ...explained }
}

type Row = PatternExplanation & { readonly rule: string }

const columns: readonly Column<Row>[] = [
  { title: 'RULE', text: (row) => row.rule },
  { title: 'PATTERN', text: (row) => short(row.pattern) },
  { title: 'WANTED', text: (row) => (row.have ? 'have' : 'not have') },
  { title: 'FOUND', text: (row) => row.where ?? '-', colour: (row) => (row.holds ? 'red' : 'grey') },
  { title: 'TIME', text: (row) => timeText(row.us) },
  { title: 'SAMPLE', text: (row) => row.sample ?? '' },
]

type Finding = NonNullable<Explanation['ruleSet']>['findings'][number]
const findingColumns: readonly Column<Finding>[] = [
  { title: 'ID', text: (f) => f.rule },
  { title: 'SEVERITY', text: (f) => f.severity },
  { title: 'WHERE', text: (f) => f.where },
  { title: 'MESSAGE', text: (f) => f.message },
]

/** Characters of a pattern that a table shows. */
const maxPatternShown = 60
const short = (text: string): string =>
  text.length > maxPatternShown ? `${text.slice(0, maxPatternShown - 1)}…` : text
const timeText = (us: number): string => (us < 1_000 ? `${us} µs` : `${(us / 1_000).toFixed(1)} ms`)

function answerText(io: Io, { name, method, path, matched, rules, ruleSet, partial }: Answer): string {
  const head = [name, short(`${method} ${path}`)].filter((part) => part !== '').join(': ')
  const verdict = matched ? paint(io, 'red', 'matches') : paint(io, 'green', 'does not match')
  const rows = rules.flatMap(({ rule, patterns }: RuleExplanation) => patterns.map((pattern) => ({ rule, ...pattern })))
  return [
    `${clean(head)}: ${verdict}${matchedRules(rules)}\n`,
    partial === undefined ? '' : `Not everything was looked at: ${clean(partial)}\n`,
    rows.length === 0 ? '' : table(io, columns, rows, ''),
    ruleSet === undefined ? '' : ruleSetText(io, ruleSet),
  ].join('')
}

function matchedRules(rules: readonly RuleExplanation[]): string {
  const names = rules.flatMap(({ rule, matched }) => (matched ? [rule] : []))
  return names.length === 0 ? '' : ` (${clean(names.join(', '))})`
}

function ruleSetText(io: Io, { score, refusal, findings, us }: NonNullable<Explanation['ruleSet']>): string {
  const said = refusal === undefined ? 'lets it pass' : `refuses it with ${refusal}`
  const head = `The rule set ${said}: score ${score}, ${timeText(us)}\n`
  return findings.length === 0 ? head : head + table(io, findingColumns, findings, '')
}
