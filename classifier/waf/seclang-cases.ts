/** ModSecurity's and Coraza's cases for operators and transformations, run on ours. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { operators } from './operators/operators.ts'
import { transformations } from './transformations/transformations.ts'

type Case = {
  readonly name: string
  readonly input: string
  readonly ret: number
  readonly param?: string
  readonly output?: string
  readonly re_groups?: readonly string[]
}

export type Outcome = { readonly file: string; readonly case: Case; readonly problem: string | undefined }

/** `directory` is the data's root. */
export function runSeclangCases(directory: string): readonly Outcome[] {
  return (['operators', 'transformations'] as const).flatMap((kind) => {
    const folder = join(directory, 'internal', kind, 'testdata')
    const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
    return files.sort().flatMap((file) => {
      const cases: readonly Case[] = JSON.parse(readFileSync(join(folder, file), 'utf8'))
      const run = kind === 'operators' ? operatorProblem : transformationProblem
      return cases.map((one) => ({ file: `${kind}/${file}`, case: one, problem: run(one, join(folder, file)) }))
    })
  })
}

const byName = <T>(list: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.entries(list).find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1]

function operatorProblem(one: Case, file: string): string | undefined {
  const factory = byName(operators, one.name)
  if (!factory) return `there is no operator ${one.name}`
  const operator = factory(bytes(one.param ?? ''), { file: rulesFile(one, file) })
  if (typeof operator !== 'function') return one.param === refusedPrefix ? undefined : operator.message
  const match = operator(bytes(one.input), { expand: () => undefined })
  if ((match !== undefined) !== (one.ret === 1)) return `expected ${one.ret === 1 ? 'a match' : 'no match'}`
  const groups = one.re_groups?.map(bytes)
  return groups && JSON.stringify(groups) !== JSON.stringify(match?.captures)
    ? `captured ${match?.captures}`
    : undefined
}

/** Its case expects no match, which is what a rule that we refuse to load does. */
const refusedPrefix = '10.0.0.0/100'

/** Data files are beside the rules; the schema that the cases use is not in the data: ours says what they expect of it. */
const rulesFile = (one: Case, file: string): string =>
  one.name === 'validateSchema'
    ? join(import.meta.dirname, 'testdata/seclang-cases/rules.conf')
    : join(file, '../op/rules.conf')

/** Some cases name themselves (`md5-test1`), not what they are of; the file always does. */
function transformationProblem(one: Case, file: string): string | undefined {
  const name = /(\w+)\.json$/.exec(file)![1]!
  const transform = byName(transformations, name)
  if (!transform) return `there is no transformation ${name}`
  const result = transform(bytes(one.input))
  const expected = unescaped(utf8(one.output!))
  return result === expected ? undefined : `expected ${JSON.stringify(expected)}, got ${JSON.stringify(result)}`
}

const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** As in Coraza's runner: `\u0000` is a NUL; `\xhh` are bytes, unless the text as a whole is not a Go string literal. */
function bytes(text: string): string {
  const value = utf8(text).replaceAll('\\u0000', '\0')
  const literal = /^(?:[^"\\\n]|\\(?:[abfnrtv\\"]|x[0-9a-fA-F]{2}|[0-7]{3}|u[0-9a-fA-F]{4}))*$/
  return value.includes('\\x') && literal.test(value) ? unescaped(value) : value
}

/** What a case expects: `\u0000` and `\xhh` are bytes, other backslashes stand for themselves. */
const unescaped = (text: string): string =>
  text
    .replaceAll('\\u0000', '\0')
    .replace(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
