import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aGroup } from '../../test/support/builders.ts'
import { defaultPolicy } from './defaults.ts'
import type { Parsed, Policy } from './model.ts'
import { guesses } from './parse.ts'
import { inspectionProblems, parseInspection } from './parse-inspection.ts'
import { parsePolicy, policyToDocument } from './parse-policy.ts'
import { parseDlpSensor, parseInspectionSet, parseWafSensor } from './parse-sensor.ts'
import type { CrsSettings, DlpSensor, Inspection, SensorPattern, SensorRule, WafSensor } from './sensor.ts'
import {
  defaultCrs,
  defaultDlpBody,
  defaultWafBody,
  patternContexts,
  plainPattern,
  predefinedDlpSensors,
  predefinedWafSensors,
} from './sensor.ts'
import { dlpSensorToDocument, wafSensorToDocument } from './sensor-document.ts'

/** Problems as `path: message`. */
function problems<T>(parsed: Parsed<T>): readonly string[] {
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`)
}
function value<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.value
}
const log4j = { name: 'Log4j', patterns: [{ regex: '\\$\\{jndi:' }] }

describe('a sensor', () => {
  test('as short as people write it', () => {
    expect(value(parseWafSensor({ name: 'mine', rules: [log4j] }))).toEqual({
      name: 'mine',
      comment: '',
      rules: [
        {
          name: 'Log4j',
          patterns: [
            {
              kind: 'regex',
              regex: '\\$\\{jndi:',
              ignoreCase: false,
              have: true,
              contexts: ['url', 'header', 'body'],
              atLeast: 1,
            },
          ],
        },
      ],
      crs: null,
      body: { inspectBytes: 131_072, pastLimit: 'deny' },
    })
    expect(value(parseWafSensor({ name: 'mine', crs: {} }))).toEqual({
      ...predefinedWafSensors[1],
      name: 'mine',
      comment: '',
    })
    expect(value(parseDlpSensor({ name: 'mine', rules: [{ name: 'a', patterns: [{ detector: 'card' }] }] }))).toEqual({
      name: 'mine',
      comment: '',
      rules: [{ name: 'a', patterns: [{ kind: 'detector', detector: 'card', ...plainPattern }] }],
      mask: false,
      body: { inspectBytes: 1_048_576, pastLimit: 'pass' },
    })
  })

  test('every kind of pattern, by the field that is there; contexts in one order', () => {
    const patterns = [
      { regex: 'a', contexts: ['body', 'url'] },
      { detector: 'card', have: false },
      { words: ['secret'], wholeWords: false, atLeast: 3 },
      { salt: 'AAAA', hashes: ['ab'], lengths: [7] },
    ]
    const { rules } = value(parseDlpSensor({ name: 'mine', rules: [{ name: 'r', patterns }] }))
    expect(rules[0]!.patterns).toEqual([
      { kind: 'regex', regex: 'a', ignoreCase: false, have: true, contexts: ['url', 'body'], atLeast: 1 },
      { kind: 'detector', detector: 'card', ...plainPattern, have: false },
      { kind: 'words', words: ['secret'], ignoreCase: false, wholeWords: false, ...plainPattern, atLeast: 3 },
      { kind: 'exact', salt: 'AAAA', hashes: ['ab'], lengths: [7], ...plainPattern },
    ])
  })

  test('a WAF sensor with everything that is wrong', () => {
    const written = {
      name: 'not good',
      coment: 'x',
      rules: [
        { name: 'a', patterns: [{ regex: '' }, { regex: 'x', contexts: [] }, { regex: 'x', contexts: ['bdy'] }] },
        {
          name: 'b/c',
          patterns: [{ regex: 'x', atLeast: 0 }, { detector: 'card' }, { regex: 'x', words: ['y'] }, 'z'],
        },
        { name: 'c', patterns: [{ regex: 'x'.repeat(1_025) }, { words: [] }, { words: [''], have: 1 }] },
        { patterns: Array.from({ length: 17 }, () => ({ regex: 'x' })) },
      ],
      crs: {
        ruleSet: 'owasp',
        paranoia: 5,
        inboundThreshold: 0,
        responses: 'yes',
        exclusions: [
          { ids: [942100], tags: ['x'] },
          { targets: ['ARGS:password'] },
          { ids: ['9421-a', '942199-942100'] },
          { tags: ['attack sqli'], targets: ['args'] },
          { ids: [] },
        ],
      },
      body: { inspectBytes: 1_048_577, pastLimit: 'cut' },
    }
    expect(problems(parseWafSensor(written, 'sensor'))).toEqual([
      'sensor.coment: is not a field here; did you mean `comment`?',
      'sensor.name: `not good` is no name of a sensor: letters, digits and . : _ - only',
      'sensor.rules[0].patterns[0].regex: is empty: it would be found everywhere',
      'sensor.rules[0].patterns[1].contexts: is empty',
      'sensor.rules[0].patterns[2].contexts[0]: must be url, header, body; did you mean `body`?',
      'sensor.rules[1].name: `b/c` is no name of a rule: letters, digits and . : _ - only',
      'sensor.rules[1].patterns[0].atLeast: must be a whole number from 1 to 1000',
      'sensor.rules[1].patterns[1]: must have one of regex, words',
      'sensor.rules[1].patterns[2]: must have one of regex, words',
      'sensor.rules[1].patterns[3]: must be an object',
      'sensor.rules[2].patterns[0].regex: is longer than 1024 characters',
      'sensor.rules[2].patterns[1].words: is empty',
      'sensor.rules[2].patterns[2].have: must be true or false, not a number',
      'sensor.rules[2].patterns[2].words[0]: is empty: it would be found everywhere',
      'sensor.rules[3].name: is missing',
      'sensor.rules[3].patterns: has more than 16 items',
      'sensor.crs.ruleSet: must be crs, base',
      'sensor.crs.paranoia: must be a whole number from 1 to 4',
      'sensor.crs.inboundThreshold: must be a whole number from 1 to 10000',
      'sensor.crs.exclusions[0]: must have ids or tags, and not both',
      'sensor.crs.exclusions[1]: must have ids or tags, and not both',
      'sensor.crs.exclusions[2].ids[0]: must be a rule id, or a range of them: 942100-942199',
      'sensor.crs.exclusions[2].ids[1]: `942199-942100` counts backwards',
      'sensor.crs.exclusions[3].targets[0]: `args` is no target such as ARGS:password',
      'sensor.crs.exclusions[3].tags[0]: `attack sqli` is no tag',
      'sensor.crs.exclusions[4].ids: is empty',
      'sensor.crs.responses: must be true or false, not a string',
      'sensor.body.inspectBytes: must be a whole number from 1 to 1048576',
      'sensor.body.pastLimit: must be deny, pass',
    ])
  })

  test('what would match everything, or nothing', () => {
    const sensor = (patterns: unknown) => ({ name: 'mine', rules: [{ name: 'r', patterns }] })
    const everything = 'rules[0].patterns: at least one pattern must be had: without, every message matches'
    expect(problems(parseDlpSensor(sensor([{ regex: 'x', have: false }])))).toEqual([everything])
    expect(problems(parseDlpSensor(sensor([])))).toEqual([everything])
    const nothing = 'rules: is empty: the sensor would look for nothing'
    expect(problems(parseDlpSensor({ name: 'mine', rules: [] }))).toEqual([nothing])
    expect(problems(parseWafSensor({ name: 'mine' }))).toEqual([nothing])
    expect(problems(parseDlpSensor({ name: 'mine' }))).toEqual(['rules: is missing'])
  })

  test('names: each once, and the predefined ones are taken', () => {
    const taken = 'wafSensors[0].name: `crs` is a predefined sensor: copy it under another name'
    expect(problems(parsePolicy({ wafSensors: [{ name: 'crs', crs: {} }] }))).toEqual([taken])
    expect(value(parseWafSensor({ name: 'ssn', crs: {} })).name).toBe('ssn')
    expect(problems(parsePolicy({ wafSensors: [1, 2].map(() => ({ name: 'a', crs: {} })) }))).toEqual([
      'wafSensors[1].name: `a` is wafSensors[0], too',
    ])
    expect(problems(parseWafSensor({ name: 'a', rules: [log4j, log4j] }))).toEqual([
      'rules[1].name: `Log4j` is rules[0], too',
    ])
  })

  test('what is predefined is what people could have written', () => {
    const renamed = <T extends { readonly name: string }>(all: readonly T[]) =>
      all.map((s) => ({ ...s, name: `my-${s.name}` }))
    for (const sensor of renamed(predefinedWafSensors)) expect(value(parseWafSensor(sensor))).toEqual(sensor)
    for (const sensor of renamed(predefinedDlpSensors)) expect(value(parseDlpSensor(sensor))).toEqual(sensor)
    expect(wafSensorToDocument(predefinedWafSensors[1]!)).toEqual({
      name: 'crs',
      comment: 'OWASP Core Rule Set, paranoia level 1',
      crs: {},
    })
  })
})

describe('bindings', () => {
  test('as short as people write them', () => {
    expect(value(parseInspection({ group: 'web', waf: [{ sensor: 'crs' }] }))).toEqual({
      group: 'web',
      waf: [{ sensor: 'crs', action: 'allow' }],
      dlp: [],
      onFailure: 'failClosed',
    })
  })

  test('everything that is wrong with them', () => {
    const written = {
      group: 'not good',
      waf: [{ sensor: 'a', action: 'alert' }, { action: 'deny' }],
      dlp: [{ sensor: 'a' }, { sensor: 'a', action: 'deny' }],
      onFailure: 'open',
    }
    expect(problems(parseInspection(written, 'inspection'))).toEqual([
      'inspection.group: `not good` is no group name: letters, digits and . _ - only',
      'inspection.waf[0].action: must be allow, deny',
      'inspection.waf[1].sensor: is missing',
      'inspection.dlp[1].sensor: `a` is inspection.dlp[0], too',
      'inspection.onFailure: must be failClosed, failOpen',
    ])
    expect(problems(parsePolicy({ inspections: [{ group: 'nv.a.b' }, { group: 'nv.a.b' }] }))).toEqual([
      'inspections[1].group: `nv.a.b` is inspections[0], too',
    ])
  })

  const inspections = (...all: readonly Inspection[]): Policy => ({
    ...defaultPolicy(''),
    rules: [],
    groups: [aGroup('web', { criteria: [] }), aGroup('lb', { addresses: ['192.0.2.1'] })],
    wafSensors: [value(parseWafSensor({ name: 'mine', crs: {} }))],
    inspections: all,
  })
  const bound = (group: string, waf: readonly string[], dlp: readonly string[] = []): Inspection =>
    value(parseInspection({ group, waf: waf.map((sensor) => ({ sensor })), dlp: dlp.map((sensor) => ({ sensor })) }))

  test('name sensors that are there, of their own kind, and groups whose members have sidecars', () => {
    const good = inspections(
      bound('web', ['mine', 'base'], ['ssn']),
      bound('nv.gone.shop', ['crs']),
      bound('containers', []),
    )
    expect(inspectionProblems(good)).toEqual([])
    const bad = inspections(bound('lb', ['ssn']), bound('wbe', [], ['mine', 'sns']), bound('external', ['mien']))
    expect(inspectionProblems(bad).map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'inspections[0].group: `lb` is no group of workloads',
      'inspections[0].waf[0].sensor: `ssn` is no WAF sensor',
      'inspections[1].group: `wbe` is no group of workloads; did you mean `web`?',
      'inspections[1].dlp[0].sensor: `mine` is no DLP sensor',
      'inspections[1].dlp[1].sensor: `sns` is no DLP sensor; did you mean `ssn`?',
      'inspections[2].group: `external` is no group of workloads',
      'inspections[2].waf[0].sensor: `mien` is no WAF sensor; did you mean `mine`?',
    ])
    expect(problems(parsePolicy(policyToDocument(bad)))).toHaveLength(7)
    const many = inspections(
      bound('web', ['mein', ...Array.from({ length: 49 }, (_, i) => `x${i}mein`)]),
      ...bad.inspections,
    )
    expect(inspectionProblems(many)[0]!.message).toBe('`mein` is no WAF sensor; did you mean `mine`?')
  })
})

test('guesses are made for the first wrong names only, and once for each', () => {
  const guess = guesses(['mine'])
  const wrong = Array.from({ length: 200 }, (_, i) => `mine${String.fromCharCode(97 + (i % 25))}${i < 25 ? '' : i}`)
  expect(guess('mien')).toBe('; did you mean `mine`?')
  for (const name of wrong) guess(name)
  expect([guess('mien'), guess('mnie')]).toEqual(['; did you mean `mine`?', ''])
})

const name = fc.stringMatching(/^[a-z][a-z0-9._-]{0,6}$/).map((text) => `my-${text}`)
const common = {
  contexts: fc.subarray([...patternContexts], { minLength: 1 }),
  atLeast: fc.integer({ min: 1, max: 1_000 }),
}
const texts = fc.array(fc.string({ minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 })
const regex = fc.record({
  kind: fc.constant('regex' as const),
  regex: fc.string({ minLength: 1 }),
  ignoreCase: fc.boolean(),
})
const words = fc.record({
  kind: fc.constant('words' as const),
  words: texts,
  ignoreCase: fc.boolean(),
  wholeWords: fc.boolean(),
})
const detector = fc.record({ kind: fc.constant('detector' as const), detector: name })
const exact = fc.record({
  kind: fc.constant('exact' as const),
  salt: fc.string({ minLength: 1 }),
  hashes: texts,
  lengths: fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 3 }),
})

function rulesOf(
  kinds: fc.Arbitrary<Omit<SensorPattern, keyof typeof plainPattern>>,
): fc.Arbitrary<readonly SensorRule[]> {
  const pattern = fc
    .tuple(kinds, fc.record(common), fc.boolean())
    .map(([kind, rest, have]) => ({ ...kind, ...rest, have }) as unknown as SensorPattern)
  const patterns = fc.array(pattern, { minLength: 1, maxLength: 4 }).filter((all) => all.some(({ have }) => have))
  return fc.uniqueArray(fc.record({ name, patterns }), { selector: (rule) => rule.name, minLength: 1, maxLength: 3 })
}
const ids = fc.constantFrom(['942100'], ['1-9', '7'])
const crs: fc.Arbitrary<CrsSettings> = fc.record({
  ruleSet: fc.constantFrom('crs', 'base'),
  paranoia: fc.constantFrom(1, 2, 3, 4),
  inboundThreshold: fc.constantFrom(defaultCrs.inboundThreshold, 25),
  outboundThreshold: fc.constantFrom(defaultCrs.outboundThreshold, 25),
  exclusions: fc.array(
    fc.oneof(
      fc.record({ ids }),
      fc.record({ tags: fc.constant(['attack-sqli']) }),
      fc.record({ targets: fc.constant(['ARGS:a', 'REQUEST_COOKIES']), ids }),
    ),
    { maxLength: 2 },
  ),
  responses: fc.boolean(),
})
const body = fc.record({
  inspectBytes: fc.constantFrom(defaultWafBody.inspectBytes, defaultDlpBody.inspectBytes, 1),
  pastLimit: fc.constantFrom('deny' as const, 'pass' as const),
})
const waf: fc.Arbitrary<WafSensor> = fc
  .record({
    name,
    comment: fc.string(),
    rules: fc.oneof(fc.constant([]), rulesOf(fc.oneof(regex, words))),
    crs: fc.option(crs),
    body,
  })
  .filter((sensor) => sensor.rules.length > 0 || sensor.crs !== null)
const dlp: fc.Arbitrary<DlpSensor> = fc.record({
  name,
  comment: fc.string(),
  rules: rulesOf(fc.oneof(regex, words, detector, exact)),
  mask: fc.boolean(),
  body,
})

/** Each place where a member or an item could go, without it. */
function* smaller(document: unknown): Generator<unknown> {
  if (typeof document !== 'object' || document === null) return
  for (const [key, member] of Object.entries(document)) {
    const { [key]: _, ...rest } = document as Record<string, unknown>
    if (!Array.isArray(document)) yield rest
    for (const less of smaller(member)) {
      yield Array.isArray(document)
        ? document.map((m, i) => (String(i) === key ? less : m))
        : { ...document, [key]: less }
    }
  }
}

describe('whatever people write', () => {
  test('the document of a sensor is read back the same, and none of its members could be left out', () => {
    fc.assert(
      fc.property(waf, (sensor) => {
        const document = wafSensorToDocument(sensor)
        expect(parseWafSensor(JSON.parse(JSON.stringify(document)))).toEqual({ ok: true, value: sensor })
        for (const less of smaller(document)) expect(parseWafSensor(less)).not.toEqual({ ok: true, value: sensor })
      }),
    )
    fc.assert(
      fc.property(dlp, (sensor) => {
        const document = dlpSensorToDocument(sensor)
        expect(parseDlpSensor(JSON.parse(JSON.stringify(document)))).toEqual({ ok: true, value: sensor })
        for (const less of smaller(document)) expect(parseDlpSensor(less)).not.toEqual({ ok: true, value: sensor })
      }),
    )
  })

  test('never throws, and refuses with a path or gives a whole sensor', () => {
    const junk = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 4 }, fc.constantFrom(null, '', 'x', 0, 1, true), tie('list'), tie('object')),
      list: fc.array(tie('any'), { maxLength: 3 }),
      object: fc.dictionary(
        fc.constantFrom('name', 'rules', 'patterns', 'regex', 'words', 'hashes', 'crs', 'exclusions', 'ids', 'body'),
        tie('any'),
      ),
    })).any
    fc.assert(
      fc.property(junk, (input) => {
        for (const parsed of [parseWafSensor(input), parseDlpSensor(input), parseInspection(input)]) {
          expect(parsed.ok ? parsed.value : parsed.problems.length > 0).toBeTruthy()
        }
      }),
    )
  })

  test('a set for classifiers is read as it is sent', () => {
    const bindings = fc.array(fc.record({ sensor: name, action: fc.constantFrom('allow' as const, 'deny' as const) }))
    const profile = fc.record({
      id: fc.stringMatching(/^[0-9a-f]{32}$/),
      enforce: fc.boolean(),
      waf: bindings,
      dlp: bindings,
      onFailure: fc.constantFrom('failClosed' as const, 'failOpen' as const),
    })
    const set = fc.record({
      wafSensors: fc.array(waf, { maxLength: 3 }).map((all) => [...predefinedWafSensors, ...all]),
      dlpSensors: fc.array(dlp, { maxLength: 3 }).map((all) => [...predefinedDlpSensors, ...all]),
      profiles: fc.array(profile, { maxLength: 3 }),
    })
    fc.assert(
      fc.property(set, (sent) => {
        expect(parseInspectionSet(JSON.parse(JSON.stringify(sent)))).toEqual({ ok: true, value: sent })
      }),
      { numRuns: 50 },
    )
  })
})
