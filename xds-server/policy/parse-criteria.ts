/** Criteria of a custom group: `namespace=cattle-*` as people write them, or `{key, op, value}`. */
import type { Criterion, CriterionKey, CriterionOp } from './model.ts'
import type { Reader } from './parse.ts'
import { anyText, at, didYouMean, list, oneOf, required, struct, text } from './parse.ts'
import { compileRegex } from './regex.ts'

/** Of one group. */
const maxCriteria = 64

const plainKeys: readonly string[] = ['image', 'node', 'workload', 'service', 'namespace', 'serviceAccount']

function isKey(value: string): value is CriterionKey {
  return plainKeys.includes(value) || /^(label|nsLabel)\.[A-Za-z0-9][A-Za-z0-9._/-]*$/.test(value)
}

const key = text<CriterionKey>((value) => {
  if (isKey(value)) return { value }
  const known = [...plainKeys, 'label.<key>', 'nsLabel.<key>']
  return { wrong: `\`${value}\` is no key: ${known.join(', ')}${didYouMean(value, plainKeys)}` }
}, 400)

/** Longer ones first: `!=` is not `=` after a key that ends in `!`. */
const ops: readonly CriterionOp[] = ['!=', '!~', '=', '@', '^', '~']

const criterionObject = struct<Criterion>({
  key: required(key),
  op: required(oneOf(ops)),
  value: required(anyText(512)),
})

const readCriterion: Reader<Criterion> = (input, path, problems) => {
  const found = typeof input === 'string' ? /^([^!=@^~]*)(!=|!~|=|@|\^|~)(.*)$/s.exec(input) : null
  if (typeof input === 'string' && found === null) {
    return void problems.push({ path, message: 'must be a key, one of = != @ ^ ~ !~, and a value' })
  }
  const written = found ? { key: found[1]!.trim(), op: found[2], value: found[3]!.trim() } : input
  const criterion = criterionObject(written, path, problems)
  const wrong = criterion && criterionProblem(criterion)
  return wrong === undefined ? criterion : void problems.push({ path: at(path, 'value'), message: wrong })
}

function criterionProblem({ op, value }: Criterion): string | undefined {
  if (op === '~' || op === '!~') {
    const regex = compileRegex(value)
    return regex.ok ? undefined : `the pattern ${regex.message}`
  }
  // Every text begins with and contains the empty one: almost certainly not what was meant.
  return value === '' && (op === '@' || op === '^') ? 'is empty, which fits everything' : undefined
}

export const readCriteria: Reader<readonly Criterion[]> = list(readCriterion, maxCriteria)
