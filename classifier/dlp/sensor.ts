/**
 * A DLP sensor: rules of up to 16 patterns, all of which must hold, over the URL, headers and body of one message. What
 * comes from outside is parsed once, with every problem and its path.
 */
import { dictionaryDetector } from './custom/dictionary.ts'
import { exactDataDetector } from './custom/exact-data.ts'
import { regexDetector } from './custom/regex.ts'
import { detectors } from './detectors.ts'
import { maxPatterns } from './limits.ts'
import type { Detector, Parsed, Problem } from './model.ts'
import { compileDetectors, type Program } from './program.ts'

export const parts = ['url', 'header', 'body'] as const
/** The piece of a message that a stream is. */
export type Part = (typeof parts)[number]

export const actions = ['alert', 'mask', 'deny'] as const
/** `mask`: what the rule's patterns found in the body is overwritten; elsewhere it counts as deny. */
export type Action = (typeof actions)[number]

export type Pattern = {
  /** Index into the sensor's detectors. */
  readonly detector: number
  /** False: the rule holds only where this is not found. */
  readonly have: boolean
  readonly contexts: readonly Part[]
}

export type SensorRule = { readonly name: string; readonly patterns: readonly Pattern[] }

export type Sensor = {
  readonly name: string
  readonly action: Action
  readonly rules: readonly SensorRule[]
  /** One detector for each pattern, under the name `rule/n` unless it is a predefined one. */
  readonly program: Program
}

type Fields = Readonly<Record<string, unknown>>
type Draft = { readonly problems: Problem[]; readonly detectors: Detector[] }

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

/**
 * `{name, action, rules: [{name, patterns: [{detector | regex | words | exact, ignoreCase?, wholeWords?, have?, contexts?}]}]}`;
 * `exact` is `{salt (base64), hashes, lengths}` of `exactDataOf`.
 */
export function parseSensor(input: unknown): Parsed<Sensor> {
  const draft: Draft = { problems: [], detectors: [] }
  const { name, action = 'alert', rules } = isObject(input) ? input : ({} as Fields)
  if (typeof name !== 'string' || name === '') draft.problems.push({ path: 'name', message: 'a name is wanted' })
  if (!actions.includes(action as Action))
    draft.problems.push({ path: 'action', message: `one of ${actions.join(', ')}` })
  if (!Array.isArray(rules) || rules.length === 0)
    draft.problems.push({ path: 'rules', message: 'a list of rules is wanted' })
  const parsed = Array.isArray(rules) ? rules.map((rule, i) => parseRule(rule, `rules[${i}]`, draft)) : []
  if (draft.problems.length > 0) return { ok: false, problems: draft.problems }
  const program = compileDetectors(draft.detectors)
  return { ok: true, value: { name: name as string, action: action as Action, rules: parsed, program } }
}

function parseRule(input: unknown, path: string, draft: Draft): SensorRule {
  const { name = path, patterns } = isObject(input) ? input : ({} as Fields)
  if (!Array.isArray(patterns) || patterns.length === 0 || patterns.length > maxPatterns)
    draft.problems.push({ path: `${path}.patterns`, message: `a list of 1 to ${maxPatterns} patterns is wanted` })
  const list = Array.isArray(patterns) ? patterns.slice(0, maxPatterns) : []
  const parsed = list.map((pattern, i) => parsePattern(pattern, `${path}.patterns[${i}]`, `${name}/${i + 1}`, draft))
  if (parsed.length > 0 && parsed.every(({ have }) => !have))
    draft.problems.push({
      path: `${path}.patterns`,
      message: 'at least one must be had: without, every message matches',
    })
  return { name: String(name), patterns: parsed }
}

function parsePattern(input: unknown, path: string, name: string, draft: Draft): Pattern {
  const fields = isObject(input) ? input : {}
  const { have = true, contexts = parts } = fields
  if (typeof have !== 'boolean') draft.problems.push({ path: `${path}.have`, message: 'neither true nor false' })
  if (!isStrings(contexts) || contexts.length === 0 || !contexts.every((part) => parts.includes(part as Part)))
    draft.problems.push({ path: `${path}.contexts`, message: `a list of ${parts.join(', ')}` })
  const detector = detectorOf(fields, name)
  if (detector.ok) draft.detectors.push(detector.value)
  else
    draft.problems.push(...detector.problems.map((p) => ({ ...p, path: p.path === '' ? path : `${path}.${p.path}` })))
  return { detector: draft.detectors.length - 1, have: have !== false, contexts: contexts as readonly Part[] }
}

function detectorOf(fields: Fields, name: string): Parsed<Detector> {
  const { detector, regex, words, exact, ignoreCase, wholeWords } = fields
  const refuse = (path: string, message: string) => ({ ok: false, problems: [{ path, message }] }) as const
  if ([detector, regex, words, exact].filter((kind) => kind !== undefined).length !== 1)
    return refuse('', 'one of detector, regex, words and exact is wanted')
  for (const [key, value] of Object.entries({ ignoreCase, wholeWords }))
    if (value !== undefined && typeof value !== 'boolean') return refuse(key, 'neither true nor false')
  const flags = { ignoreCase: ignoreCase !== false, wholeWords: wholeWords !== false }
  if (typeof detector === 'string') {
    const known = detectors.find((d) => d.name === detector)
    return known ? { ok: true, value: known } : refuse('detector', `there is no ${JSON.stringify(detector)}`)
  }
  if (typeof regex === 'string') return regexDetector(name, regex, ignoreCase === true)
  if (isStrings(words)) return dictionaryDetector(name, words, flags)
  if (isObject(exact)) return exactOf(exact, name)
  return refuse('', 'detector and regex are texts, words a list of texts, exact an object')
}

function exactOf({ salt, hashes, lengths }: Fields, name: string): Parsed<Detector> {
  if (typeof salt !== 'string' || !isStrings(hashes) || !Array.isArray(lengths) || !lengths.every(Number.isInteger))
    return { ok: false, problems: [{ path: 'exact', message: 'salt (base64), hashes and lengths are wanted' }] }
  return exactDataDetector(name, { salt: Buffer.from(salt, 'base64'), hashes, lengths })
}
