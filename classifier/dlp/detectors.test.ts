import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { detectors } from './detectors.ts'
import { compileDetectors } from './program.ts'
import { redaction } from './redact.ts'
import { scanAll } from './stream.ts'
import * as oracles from './testdata/oracles.ts'

const program = compileDetectors(detectors)
const redact = redaction(Buffer.from('key'))

function found(detector: string, text: string): readonly string[] {
  return scanAll(program, redact, [Buffer.from(text)])
    .findings.filter((finding) => finding.detector === detector)
    .map(({ offset, length }) => text.slice(offset, offset + length))
}

const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: length, maxLength: length })
const base62 = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz']
const after = (prefixes: readonly string[], length: number) =>
  fc.tuple(fc.constantFrom(...prefixes), digits(length)).map(([prefix, rest]) => (prefix + rest).slice(0, length))

/** How to come by a valid one: the last character (or the one at `check`) is tried until the oracle says yes. */
type Kind = {
  readonly detector: string
  readonly context: string
  readonly body: fc.Arbitrary<string>
  readonly valid: (value: string) => boolean
  readonly check?: number
  readonly alphabet?: readonly string[]
}

const card = (value: string) => oracles.luhnIsValid(value)
const tens = [...'0123456789']
const vinLetters = [...'ABCDEFGHJKLMNPRSTUVWXYZ']
const vinBody = fc
  .tuple(fc.string({ unit: fc.constantFrom(...vinLetters), minLength: 8, maxLength: 8 }), digits(9))
  .map(([letters, numbers]) => letters + numbers)

const kinds: readonly Kind[] = [
  {
    detector: 'card',
    context: '',
    body: after(['4', '51', '55', '2221', '2720', '6011', '65', '3528', '62'], 16),
    valid: card,
  },
  { detector: 'card', context: '', body: after(['34', '37'], 15), valid: card },
  { detector: 'card', context: '', body: after(['36', '300', '38'], 14), valid: card },
  {
    detector: 'aba',
    context: 'routing ',
    body: after(['01', '12', '21', '32', '61', '72', '80'], 9),
    valid: oracles.abaIsValid,
  },
  { detector: 'sin', context: 'SIN ', body: after(['1', '9'], 9), valid: card },
  { detector: 'npi', context: 'NPI ', body: after(['1', '2'], 10), valid: (v) => oracles.luhnIsValid(`80840${v}`) },
  { detector: 'nhs', context: 'NHS ', body: digits(10), valid: oracles.nhsIsValid },
  { detector: 'aadhaar', context: 'Aadhaar ', body: after(['2', '9'], 12), valid: oracles.aadhaarIsValid },
  {
    detector: 'pesel',
    context: 'PESEL ',
    body: after(['440514', '022829', '992131'], 11),
    valid: oracles.peselIsValid,
  },
  {
    detector: 'nif',
    context: '',
    body: digits(8).map((d) => `${d}A`),
    valid: oracles.nifIsValid,
    alphabet: vinLetters,
  },
  { detector: 'vin', context: '', body: vinBody, valid: oracles.vinIsValid, check: 8, alphabet: [...tens, 'X'] },
]

function replaced(value: string, at: number, by: string): string {
  const place = (at + value.length) % value.length
  return value.slice(0, place) + by + value.slice(place + 1)
}

function validOnes({ body, valid, check = -1, alphabet = tens }: Kind): fc.Arbitrary<string> {
  return body
    .map((value) => alphabet.map((c) => replaced(value, check, c)).find(valid))
    .filter((value) => value !== undefined)
}

describe.each(kinds)('$detector', (kind) => {
  const { detector, context, valid } = kind

  test('a valid one is found, whatever harmless stands around it', () => {
    const around = fc.constantFrom(['', ''], [' ', '.'], ['"', '"'], ['=', '&'], ['\n', '\r\n'], ['(', ')'], [':', ','])
    fc.assert(
      fc.property(validOnes(kind), around, (value, [before, behind]) => {
        expect(found(detector, `${context}${before}${value}${behind}`)).toEqual([value])
      }),
    )
  })

  test('with one digit changed it is not found', () => {
    fc.assert(
      fc.property(validOnes(kind), fc.nat(), fc.integer({ min: 1, max: 9 }), (value, place, by) => {
        const places = [...value].flatMap((c, i) => (/\d/.test(c) ? [i] : []))
        const at = places[place % places.length]!
        const wrong = replaced(value, at, String((Number(value[at]) + by) % 10))
        fc.pre(!valid(wrong))
        expect(found(detector, `${context}${wrong}`)).toEqual([])
      }),
    )
  })

  test('inside of something longer it is not found', () => {
    fc.assert(
      fc.property(
        validOnes(kind),
        fc.constantFrom(['id', ''], ['', 'ff'], ['x-', ''], ['', '-1'], ['0.', '']),
        (value, [a, b]) => {
          expect(found(detector, `${context}${a}${value}${b}`)).toEqual([])
        },
      ),
    )
  })
})

test('IBANs of every structure: valid ones in one piece and in fours, none with a digit changed', () => {
  const country = fc.constantFrom(['DE', 22], ['NO', 15], ['GB', 22], ['MT', 31], ['FR', 27]) as fc.Arbitrary<
    [string, number]
  >
  const rest = fc.string({ unit: fc.constantFrom(...tens, 'A', 'Z'), minLength: 27, maxLength: 27 })
  fc.assert(
    fc.property(country, rest, fc.nat(), fc.integer({ min: 1, max: 9 }), ([code, length], all, place, by) => {
      const account = all.slice(0, length - 4)
      const checks = Array.from({ length: 97 }, (_, i) => String(i + 2).padStart(2, '0'))
      const value = checks.map((check) => code + check + account).find(oracles.ibanIsValid)!
      expect(found('iban', `pay ${value}.`)).toEqual([value])
      const printed = value.replace(/(.{4})(?=.)/g, '$1 ')
      expect(found('iban', `pay ${printed}.`)).toEqual([printed])
      const at = 2 + (place % 2)
      const wrong = replaced(value, at, String((Number(value[at]) + by) % 10))
      expect(found('iban', `pay ${wrong}.`)).toEqual(oracles.ibanIsValid(wrong) ? [wrong] : [])
    }),
  )
})

test('CPFs: found exactly when the oracle says so (one digit changed may be valid again: the check digits are no field)', () => {
  fc.assert(
    fc.property(digits(9), fc.nat(), fc.integer({ min: 0, max: 9 }), (body, place, by) => {
      const checks = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0'))
      const value = checks.map((check) => body + check).find(oracles.cpfIsValid)
      fc.pre(value !== undefined)
      const at = place % 11
      const other = replaced(value!, at, String((Number(value![at]) + by) % 10))
      const printed = other.replace(/(...)(...)(...)(..)/, '$1.$2.$3-$4')
      expect(found('cpf', `x ${printed} y`)).toEqual(oracles.cpfIsValid(other) ? [printed] : [])
    }),
  )
})

test('SSNs and ITINs: by their areas and groups; bare and with spaces only beside a context word', () => {
  fc.assert(
    fc.property(digits(9), (value) => {
      const printed = value.replace(/(...)(..)(....)/, '$1-$2-$3')
      const issuable = oracles.ssnIsIssuable(value)
      expect(found('ssn', `x ${printed} y`)).toEqual(issuable ? [printed] : [])
      expect(found('ssn', `x ${value} y`)).toEqual([])
      expect(found('ssn', `his SSN is ${value}`)).toEqual(issuable ? [value] : [])
    }),
  )
  expect(found('itin', 'x 912-70-1234 912-49-1234 912-89-1234 812-70-1234')).toEqual(['912-70-1234'])
})

test('GitHub and npm tokens: their checksum decides', () => {
  const random = fc.string({ unit: fc.constantFrom(...base62), minLength: 36, maxLength: 36 })
  fc.assert(
    fc.property(random, (value) => {
      expect(found('npm-token', `npm_${value}`)).toEqual(oracles.tokenIsValid(value) ? [`npm_${value}`] : [])
    }),
  )
  const token = 'zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17'
  expect(oracles.tokenIsValid(token)).toBe(true)
  for (const prefix of ['ghp_', 'gho_', 'ghs_'])
    expect(found('github-token', `"${prefix}${token}"`)).toEqual([prefix + token])
  expect(found('github-token', `ghP_${token}`)).toEqual([])
  expect(found('github-token', `xghp_${token} ghp_${token}_ ghp_${token.slice(1)}`)).toEqual([])
  expect(found('github-token', 'ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18')).toEqual([])
})

const a = (n: number, c = 'a1B2c3D4e5F6') => c.repeat(Math.ceil(n / c.length)).slice(0, n)

test.each([
  ['aws-secret-key', `aws_secret_access_key = ${a(40)}`, `secret_access_key = ${a(40)}`],
  ['gcp-api-key', `key=AIza${a(35)}`, `AIza${a(35)}`],
  ['gcp-oauth-secret', `GOCSPX-${a(28)}`, `GOCSPX-${a(28)}`],
  ['azure-storage-key', `AccountName=x;AccountKey=${a(86)}==;`, `AccountKey=${a(86)}==`],
  ['azure-client-secret', `s: abc8Q~${a(34)}`, `abc8Q~${a(34)}`],
  ['github-fine-grained', `github_pat_${a(22)}_${a(59)}`, `github_pat_${a(22)}_${a(59)}`],
  ['gitlab-token', `glpat-${a(20)}`, `glpat-${a(20)}`],
  ['slack-token', `xoxb-123456789012-${a(24)}`, `xoxb-123456789012-${a(24)}`],
  [
    'slack-webhook',
    `https://hooks.slack.com/services/T12345678/B12345678/${a(24)}`,
    `hooks.slack.com/services/T12345678/B12345678/${a(24)}`,
  ],
  ['stripe-key', `sk_live_${a(24)}`, `sk_live_${a(24)}`],
  ['openai-key', `sk-proj-${a(40)}T3BlbkFJ${a(40)}`, `sk-proj-${a(40)}T3BlbkFJ${a(40)}`],
  ['anthropic-key', `sk-ant-api03-${a(95)}`, `sk-ant-api03-${a(95)}`],
  [
    'npm-legacy-token',
    '//r/:_authToken=01234567-89ab-cdef-0123-456789abcdef',
    ':_authToken=01234567-89ab-cdef-0123-456789abcdef',
  ],
  ['pypi-token', `pypi-AgEIcHlwaS5vcmc${a(60)}`, `pypi-AgEIcHlwaS5vcmc${a(60)}`],
  ['sendgrid-key', `SG.${a(22)}.${a(43)}`, `SG.${a(22)}.${a(43)}`],
  ['digitalocean-token', `dop_v1_${a(64, '0123456789abcdef')}`, `dop_v1_${a(64, '0123456789abcdef')}`],
  ['shopify-token', `shpat_${a(32, '0123456789abcdef')}`, `shpat_${a(32, '0123456789abcdef')}`],
  ['huggingface-token', `hf_${a(34, 'abcDEF')}`, `hf_${a(34, 'abcDEF')}`],
  ['docker-token', `dckr_pat_${a(27)}`, `dckr_pat_${a(27)}`],
  ['vault-token', `hvs.${a(24)}`, `hvs.${a(24)}`],
])('%s', (detector, text, value) => {
  expect(found(detector, text)).toEqual([value])
  expect(found(detector, `q${value}`.replace('qsecret', 'q_other'))).toEqual(detector === 'slack-webhook' ? [] : [])
  expect(found(detector, text.slice(0, text.indexOf(value) + 12))).toEqual([])
})

test('look-alikes of texts', () => {
  expect(found('email', 'logo@2x.png @media user@localhost a..b@c.com https://u:pw@db.example.com')).toEqual([])
  expect(found('email', 'mailto:bob@example.com <x+y@sub.example.co.uk>')).toEqual([
    'bob@example.com',
    'x+y@sub.example.co.uk',
  ])
  expect(
    found('basic-auth', `https://u:\${PW}@h.com http://h.com:80/@x https://u@h.com postgres://u:*****@h.com`),
  ).toEqual([])
  expect(found('jwt', 'eyJhbGciOiJub3BlIn0 eyJub3QiOiJqd3QifQ.eyJzdWIiOiIxIn0.c2lnbmF0dXJl')).toEqual([])
  expect(found('private-key', '-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----')).toEqual([])
  expect(found('private-key', '-----BEGIN CERTIFICATE-----\nMIIEowIBAAKCAQEAMIIE\n-----END CERTIFICATE-----')).toEqual(
    [],
  )
  expect(found('phone', '+1 000 555 2671, a+4930901820, +999 123 456 789, 415-555-2671')).toEqual([])
  expect(found('nino', 'BG123456A AB1234567 QQ123456C')).toEqual([])
})

test('telephone numbers: the country codes that ITU-T E.164 has given out, and no others', () => {
  const given =
    '1 7 20 27 30-34 36 39 40 41 43-49 51-58 60-66 81 82 84 86 90-95 98 211-213 216 218 220-258 260-269 290 291 297-299 350-359 370-378 380-383 385-387 389 420 421 423 500-509 590-599 670 672-683 685-692 800 808 850 852 853 855 856 870 880-883 886 888 960-968 970-977 979 992-996 998'
  const codes = new Set(
    given.split(' ').flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number)
      return Array.from({ length: last! - first! + 1 }, (_, i) => String(first! + i))
    }),
  )
  const isGiven = (code: string) => [1, 2, 3].some((length) => codes.has(code.slice(0, length)))
  // Given out to nobody today, but inside of ranges that are: they do no harm.
  const spare = new Set(['259', '684', '887'])
  for (let code = 200; code <= 999; code++) {
    const number = `+${code}55512345`
    if (spare.has(String(code))) continue
    expect(found('phone', `call ${number} now`), number).toEqual(isGiven(String(code)) ? [number] : [])
  }
})

test('cards as they are printed: in groups of their issuers’, with spaces or hyphens, and not with both', () => {
  const sizes: readonly (readonly number[])[] = [
    [4, 4, 4, 4, 3],
    [4, 4, 4, 4],
    [4, 6, 5],
    [4, 6, 4],
    [4, 4, 4],
    [4, 4, 4, 1],
  ]
  const prefixes = ['4', '4', '37', '36', '5018', '4']
  for (const [i, shape] of sizes.entries()) {
    const length = shape.reduce((sum, size) => sum + size, 0)
    const body = prefixes[i]!.padEnd(length - 1, '20517')
    const value = tens.map((check) => body + check).find(oracles.luhnIsValid)!
    const written = (by: readonly string[]) => {
      const starts = shape.map((_, k) => shape.slice(0, k).reduce((sum, size) => sum + size, 0))
      return shape
        .map((size, k) => value.slice(starts[k], starts[k]! + size) + (k < shape.length - 1 ? by[k % by.length] : ''))
        .join('')
    }
    for (const by of [[' '], ['-']]) {
      expect(found('card', `no ${written(by)}.`)).toEqual([written(by)])
      expect(found('card', `no ${written(by)}${by[0]}1234 x`), 'a table goes on').toEqual([])
      expect(found('card', `no 1234${by[0]}${written(by)} x`), 'a table goes on').toEqual([])
    }
    expect(found('card', `no ${written([' ', '-'])}.`)).toEqual([])
  }
})

test('numbers that are known for being nobody’s', () => {
  for (const value of [
    '078-05-1120',
    '219-09-9999',
    '457-55-5462',
    '123-45-6789',
    '111-11-1111',
    '666-12-1234',
    '900-12-1234',
  ])
    expect(found('ssn', `ssn ${value}`)).toEqual([])
  expect(found('cpf', 'cpf 111.111.111-11, cpf 11111111111')).toEqual([])
  expect(found('nhs', 'nhs 1111111111, nhs 111 111 1111')).toEqual([])
  expect(found('aba', 'routing 000000000')).toEqual([])
  expect(found('aadhaar', 'aadhaar 200000000002')).toEqual([])
})

test('ABA: of the districts and institutes that there are', () => {
  for (let prefix = 0; prefix < 100; prefix++) {
    const body = `${String(prefix).padStart(2, '0')}345678`.slice(0, 8)
    const value = tens.map((check) => body + check).find((v) => sumsUp(v))!
    expect(found('aba', `routing ${value}`)).toEqual(oracles.abaIsValid(value) ? [value] : [])
  }
})

/** The checksum alone. */
const sumsUp = (v: string): boolean => [...v].reduce((sum, c, i) => sum + Number(c) * [3, 7, 1][i % 3]!, 0) % 10 === 0

test('addresses begin with a letter or a digit, also where quotes, stops and hyphens stand before it', () => {
  expect(found('email', `'bob@example.com' .-jane@example.com --@example.com x.@example.com ok'@example.com`)).toEqual([
    'bob@example.com',
    'jane@example.com',
  ])
  expect(found('email', `${'a'.repeat(70)}@example.com`)).toEqual([`${'a'.repeat(64)}@example.com`])
})

test('one of many of its length that are no cards is none; those further than 256 bytes away do not count', () => {
  const [card, other] = ['4111111111111111', '1234567812345678']
  const around = (before: number, behind: number) =>
    found('card', `x ${other} ${other}${' '.repeat(before)}${card}${' '.repeat(behind)}${other} ${other} x`)
  expect([around(1, 1), around(200, 400), around(400, 200)]).toEqual([[], [], []])
  expect(around(400, 400)).toEqual([card])
  expect(found('card', `x ${other}, ${card}, 123456781234567, 12345678123456789`)).toEqual([card])
  expect(found('card', `x 0.${other}, 1.${other}, a${other} ${other}b ${card}`)).toEqual([card])
})

test('four groups of four are no Aadhaar number', () => {
  for (const by of [' ', '-']) {
    const value = ['2341', '2341', '2346'].join(by)
    expect(found('aadhaar', `aadhaar: ${value}, ok`)).toEqual([value])
    expect(found('aadhaar', `aadhaar: 1${by}${value}, ok`)).toEqual([])
    expect(found('aadhaar', `aadhaar: ${value}${by}1, ok`)).toEqual([])
  }
})

test('private keys: of up to three words, with at least 16 characters in them', () => {
  const key = (kind: string, content: string) =>
    `-----BEGIN ${kind}PRIVATE KEY-----\n${content}\n-----END ${kind}PRIVATE KEY-----`
  for (const kind of ['', 'RSA ', 'A B C ']) expect(found('private-key', key(kind, a(16)))).toEqual([key(kind, a(16))])
  expect(found('private-key', key('', `Proc-Type: 4,ENCRYPTED\n\n${a(64)}`))).toHaveLength(1)
  expect(found('private-key', key('', a(15)))).toEqual([])
  expect(found('private-key', key('A B C D ', a(16)))).toEqual([])
})
