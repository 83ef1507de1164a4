/**
 * The rules of a sensor and their patterns as people write them: a pattern is what its fields say (`regex`, `detector`,
 * `words`, `hashes`). What a regex or a detector's name means the classifier says (`checkSensor`): this folder has no
 * engine for it and runs in a browser.
 */
import type { Reader } from './parse.ts'
import { flag, integer, list, oneOf, optional, required, some, struct, text, uniqueBy } from './parse.ts'
import type { PatternContext, SensorPattern, SensorRule } from './sensor.ts'
import { maxSensorPatterns, patternContexts, plainPattern } from './sensor.ts'

/** Rules of one sensor. */
const maxSensorRules = 500
/** Characters of a sensor's or a rule's name: they stand in every event. */
const maxName = 256
/** Characters of a regex, and of a word, hash or salt. */
const maxPatternLength = 1_024
const maxWordLength = 256
const maxWords = 10_000
/** 35 bytes each as JSON: so many fit into a body of the API. */
const maxHashes = 200_000
const maxAtLeast = 1_000

/** What NeuVector takes for a name, too. */
const nameOf = (what: string) =>
  text(
    (value) =>
      /^[A-Za-z0-9][A-Za-z0-9.:_-]*$/.test(value)
        ? { value }
        : { wrong: `\`${value}\` is no name of a ${what}: letters, digits and . : _ - only` },
    maxName,
  )
export const sensorName = nameOf('sensor')
const ruleName = nameOf('rule')

/** Each once, in one order. */
const contexts: Reader<readonly PatternContext[]> = (input, path, problems) => {
  const named = some(list(oneOf(patternContexts), patternContexts.length))(input, path, problems)
  return named && patternContexts.filter((context) => named.includes(context))
}

const common = {
  have: optional(flag, plainPattern.have),
  contexts: optional(contexts, plainPattern.contexts),
  atLeast: optional(integer(1, maxAtLeast), plainPattern.atLeast),
}
const ignoreCase = optional(flag, false)
const kind = <K extends SensorPattern['kind']>(name: K) => optional<K>(oneOf([name]), name)
const notEmpty = (max: number) =>
  text((value) => (value === '' ? { wrong: 'is empty: it would be found everywhere' } : { value }), max)

type Kinds = { readonly [K in SensorPattern['kind']]: Reader<Extract<SensorPattern, { kind: K }>> }
type Of<K extends SensorPattern['kind']> = Extract<SensorPattern, { kind: K }>

const patterns: Kinds = {
  regex: struct<Of<'regex'>>({
    ...common,
    kind: kind('regex'),
    regex: required(notEmpty(maxPatternLength)),
    ignoreCase,
  }),
  detector: struct<Of<'detector'>>({ ...common, kind: kind('detector'), detector: required(sensorName) }),
  words: struct<Of<'words'>>({
    ...common,
    kind: kind('words'),
    words: required(some(list(notEmpty(maxWordLength), maxWords))),
    ignoreCase,
    wholeWords: optional(flag, true),
  }),
  exact: struct<Of<'exact'>>({
    ...common,
    kind: kind('exact'),
    salt: required(notEmpty(maxWordLength)),
    hashes: required(some(list(notEmpty(maxWordLength), maxHashes))),
    lengths: required(some(list(integer(1, maxWordLength), maxWordLength))),
  }),
}

const kindFields: Readonly<Record<SensorPattern['kind'], string>> = {
  regex: 'regex',
  detector: 'detector',
  words: 'words',
  exact: 'hashes',
}
export const kindNames = Object.keys(kindFields) as readonly SensorPattern['kind'][]

const patternOf =
  (allowed: readonly SensorPattern['kind'][]): Reader<SensorPattern> =>
  (input, path, problems) => {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      return void problems.push({ path, message: 'must be an object' })
    }
    const named = kindNames.filter((name) => kindFields[name] in input)
    const only = named[0]
    if (only !== undefined && named.length === 1 && allowed.includes(only)) return patterns[only](input, path, problems)
    return void problems.push({ path, message: `must have one of ${allowed.map((k) => kindFields[k]).join(', ')}` })
  }

const readPatterns =
  (allowed: readonly SensorPattern['kind'][]): Reader<readonly SensorPattern[]> =>
  (input, path, problems) => {
    const all = list(patternOf(allowed), maxSensorPatterns)(input, path, problems)
    if (all === undefined) return undefined
    if (all.some(({ have }) => have)) return all
    return void problems.push({ path, message: 'at least one pattern must be had: without, every message matches' })
  }

export const readSensorRules = (allowed: readonly SensorPattern['kind'][]): Reader<readonly SensorRule[]> =>
  uniqueBy(
    list(struct<SensorRule>({ name: required(ruleName), patterns: required(readPatterns(allowed)) }), maxSensorRules),
    ({ name }) => name,
    'name',
  )
