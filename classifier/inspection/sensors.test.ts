/** What people are told of the sensors they write. */
import { expect, test } from 'vitest'
import { aDlpSensor, aWafSensor } from '../../test/support/builders.ts'
import { defaultCrs, predefinedDlpSensors, predefinedWafSensors } from '../../xds-server/policy/sensor.ts'
import { redaction } from '../dlp/redact.ts'
import { checkSensor } from './check.ts'
import { explain } from './explain.ts'
import { aBody, aPost, aRequest, aSensorRule, detector, regex, words } from './testdata/builders.ts'

const options = { redact: redaction(Buffer.from('key')) }

test('predefined sensors, and patterns of every kind, are fine', () => {
  const fine = [
    ...predefinedWafSensors,
    ...predefinedDlpSensors,
    aWafSensor('w', { rules: [aSensorRule('r', regex('a(?!b)'), regex('größe'), words(['größe', 'x y']))] }),
    aDlpSensor('d', {
      rules: [aSensorRule('r', regex('(ab|c)\\1'), regex('größe'), words(['größe']), detector('iban'))],
    }),
  ]
  expect(fine.flatMap(checkSensor)).toEqual([])
})

test('every problem with its place in the sensor, and in the pattern', () => {
  const waf = aWafSensor('w', {
    rules: [
      aSensorRule('a', regex('x'), regex('ab(c'), regex('a++')),
      aSensorRule('b', detector('card'), regex('a*')),
      aSensorRule('c', regex('(?=(a+)+$)b')),
      aSensorRule('d', regex('x', { have: false })),
    ],
    crs: { ...defaultCrs, exclusions: [{ ids: ['942100'] }, { targets: ['ARGS:a', 'NOWHERE:x'], ids: ['1'] }] },
  })
  expect(checkSensor(waf)).toEqual([
    { path: 'rules[0].patterns[1].regex', message: 'a bracket is not closed (at character 5 of the pattern)' },
    {
      path: 'rules[0].patterns[2].regex',
      message: 'possessive repetition is not possible in linear time (at character 3 of the pattern)',
    },
    { path: 'rules[1].patterns[0]', message: 'only DLP sensors look for detectors' },
    {
      path: 'rules[1].patterns[1].regex',
      message: 'it matches nothing at all (the empty text) (at character 1 of the pattern)',
    },
    {
      path: 'rules[2].patterns[0].regex',
      message:
        'with look-around or references back, these repetitions could take too long (at character 1 of the pattern)',
    },
    { path: 'rules[3].patterns', message: 'at least one must be had: without, every request matches' },
    { path: 'crs.exclusions[1].targets[1]', message: 'there is no variable NOWHERE' },
  ])
  const dlp = aDlpSensor('d', {
    rules: [aSensorRule('a', detector('cards'), regex('x[')), aSensorRule('b', words(['y']))],
  })
  expect(checkSensor(dlp)).toEqual([
    { path: 'rules[0].patterns[0].detector', message: 'there is no "cards"' },
    { path: 'rules[0].patterns[1].regex', message: expect.stringMatching(/\(at character 2 of the pattern\)$/) },
    { path: 'rules[1].patterns[0].words[0]', message: 'shorter than two bytes: it would be everywhere' },
  ])
})

test('a request explained: rules of a WAF sensor, pattern by pattern', () => {
  const sensor = aWafSensor('w', {
    rules: [
      aSensorRule(
        'r',
        regex('id=\\d+', { contexts: ['url'] }),
        words(['staff'], { have: false, contexts: ['header', 'body'] }),
      ),
    ],
  })
  const explained = explain(sensor, aRequest('/?id=12'), aBody('our Staff'), options)
  const us = expect.any(Number)
  expect(explained).toEqual({
    ok: true,
    value: {
      matched: false,
      ruleSet: undefined,
      partial: undefined,
      rules: [
        {
          rule: 'r',
          matched: false,
          patterns: [
            { pattern: '/id=\\d+/', have: true, found: true, holds: true, where: 'url', sample: 'id=12', us },
            { pattern: 'staff', have: false, found: true, holds: false, where: 'body', sample: 'Staff', us },
          ],
        },
      ],
    },
  })
  expect(
    explain(aWafSensor('w', { rules: [aSensorRule('r', regex('('))] }), aRequest(), aBody(''), options),
  ).toMatchObject({
    ok: false,
    problems: [{ path: 'rules[0].patterns[0].regex' }],
  })
})

test('a request explained: DLP, redacted, and a rule set', () => {
  const sensor = aDlpSensor('d', {
    rules: [aSensorRule('cards', detector('card', { atLeast: 2 }), regex('pay', { contexts: ['url'] }))],
  })
  const explained = explain(
    sensor,
    aPost('text/plain', { path: '/pay' }),
    aBody('4111 1111 1111 1111, 5555 5555 5555 4444'),
    options,
  )
  expect(explained).toMatchObject({
    ok: true,
    value: {
      matched: true,
      rules: [
        {
          patterns: [
            { pattern: 'card', found: true, where: 'body', sample: expect.stringMatching(/^41…11 #/) },
            { where: 'url' },
          ],
        },
      ],
    },
  })
  expect(JSON.stringify(explained)).not.toContain('4111 1111')
  const base = aWafSensor('b', { crs: { ...defaultCrs, ruleSet: 'base' } })
  const attack = explain(base, aRequest('/?q=%24%7Bjndi:ldap://x/a%7D'), aBody(''), options)
  expect(attack).toMatchObject({ ok: true, value: { matched: true, rules: [], ruleSet: { refusal: 403 } } })
  expect(explain(base, aRequest('/?q=shoes'), aBody(''), options)).toMatchObject({
    ok: true,
    value: { matched: false, ruleSet: { refusal: undefined, findings: [] } },
  })
})
