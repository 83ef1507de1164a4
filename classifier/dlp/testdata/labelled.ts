/**
 * A labelled set of our own making: valid values of every detector in what services really send, and documents full of numbers
 * that are none. Values are made with the oracles, not with the detectors' own checks. The same for the same seed.
 */
import { randomness } from '../../../test/support/random.ts'
import * as oracles from './oracles.ts'

export type Chance = {
  readonly below: (n: number) => number
  readonly pick: <T>(list: readonly T[]) => T
  readonly digits: (n: number) => string
  readonly chars: (alphabet: string, n: number) => string
}

export function chance(seed: number): Chance {
  const next = randomness(seed)
  const below = (n: number) => Math.floor(next() * n)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!
  const chars = (alphabet: string, n: number) => Array.from({ length: n }, () => alphabet[below(alphabet.length)]).join('')
  return { below, pick, chars, digits: (n) => chars('0123456789', n) }
}

const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const base62 = `0123456789${upper}abcdefghijklmnopqrstuvwxyz`
const hex = '0123456789abcdef'

/** Tries until the oracle says yes. */
function until(make: () => string, valid: (value: string) => boolean): string {
  for (let i = 0; i < 100_000; i++) {
    const value = make()
    if (valid(value)) return value
  }
  throw new Error('no valid value was made')
}

const withCheck = (body: string, alphabet: string, valid: (value: string) => boolean): string | undefined =>
  [...alphabet].map((c) => body + c).find(valid)

type Label = {
  /** Keys under which people store it. */
  readonly keys: readonly string[]
  readonly make: (c: Chance) => string
  /** As it is written for people. */
  readonly printed?: (value: string, c: Chance) => string
  /** `secret`: it stands in configurations, not in tables of customers. */
  readonly secret?: true
}

const groups = (value: string, sizes: readonly number[], by: string): string => {
  let at = 0
  return sizes.map((size) => value.slice(at, (at += size))).filter((part) => part !== '').join(by)
}

const cardRanges: readonly (readonly [prefix: string, length: number])[] = [
  ['4', 16], ['4', 16], ['4', 16], ['51', 16], ['53', 16], ['55', 16], ['2221', 16], ['2500', 16], ['34', 15], ['37', 15],
  ['6011', 16], ['65', 16], ['36', 14], ['3528', 16], ['3589', 16], ['62', 16], ['4', 13], ['6304', 16], ['5018', 16],
]

export const labels: Readonly<Record<string, Label>> = {
  card: {
    keys: ['card', 'card_number', 'cardNumber', 'pan', 'cc_num', 'creditCard', 'number', 'payment', 'ccn', 'account', 'value'],
    make: (c) => {
      const [prefix, length] = c.pick(cardRanges)
      return until(() => prefix + c.digits(length - prefix.length), oracles.luhnIsValid)
    },
    printed: (v, c) => groups(v, v.length === 15 ? [4, 6, 5] : v.length === 14 ? [4, 6, 4] : v.length === 13 ? [4, 4, 4, 1] : [4, 4, 4, 4], c.pick([' ', '-'])),
  },
  iban: {
    keys: ['iban', 'account', 'bankAccount', 'konto', 'value'],
    make: ibanOf,
    printed: (v) => v.replace(/(.{4})(?=.)/g, '$1 '),
  },
  aba: { keys: ['routing_number', 'routingNumber', 'aba', 'rtn'], make: (c) => until(() => c.digits(9), oracles.abaIsValid) },
  ssn: {
    keys: ['ssn', 'socialSecurityNumber', 'social_security', 'tax_id'],
    make: (c) => until(() => c.digits(9), oracles.ssnIsIssuable),
    printed: (v, c) => groups(v, [3, 2, 4], c.pick(['-', '-', ' '])),
  },
  itin: {
    keys: ['itin', 'taxpayer_id', 'tin'],
    make: (c) => `9${c.digits(2)}${c.pick(['50', '65', '70', '88', '90', '94', '99'])}${c.digits(4)}`,
    printed: (v) => groups(v, [3, 2, 4], '-'),
  },
  sin: {
    keys: ['sin', 'socialInsuranceNumber', 'nas'],
    make: (c) => until(() => c.pick(['1', '2', '4', '5', '7', '9']) + c.digits(8), oracles.luhnIsValid),
    printed: (v, c) => groups(v, [3, 3, 3], c.pick([' ', '-'])),
  },
  nino: {
    keys: ['nino', 'national_insurance', 'niNumber'],
    make: (c) => `${c.pick(['AB', 'CE', 'JK', 'PL', 'SM', 'WR'])}${c.digits(6)}${c.pick(['A', 'B', 'C', 'D'])}`,
    printed: (v) => groups(v, [2, 2, 2, 2, 1], ' '),
  },
  nhs: {
    keys: ['nhs_number', 'nhsNumber', 'patient', 'nhs'],
    make: (c) => until(() => c.digits(10), oracles.nhsIsValid),
    printed: (v) => groups(v, [3, 3, 4], ' '),
  },
  npi: { keys: ['npi', 'providerNpi', 'prescriber'], make: (c) => until(() => c.pick(['1', '2']) + c.digits(9), (v) => oracles.luhnIsValid(`80840${v}`)) },
  mbi: {
    keys: ['mbi', 'medicare', 'beneficiary_id'],
    make: (c) => {
      const l = 'ACDEFGHJKMNPQRTUVWXY'
      const e = `${l}0123456789`
      return c.chars('123456789', 1) + c.chars(l, 1) + c.chars(e, 1) + c.digits(1) + c.chars(l, 1) + c.chars(e, 1) + c.digits(1) + c.chars(l, 2) + c.digits(2)
    },
    printed: (v) => groups(v, [4, 3, 4], '-'),
  },
  aadhaar: {
    keys: ['aadhaar', 'aadhaar_number', 'uid'],
    make: (c) => until(() => c.pick(['2', '5', '9']) + c.digits(11), oracles.aadhaarIsValid),
    printed: (v) => groups(v, [4, 4, 4], ' '),
  },
  cpf: {
    keys: ['cpf', 'cpf_cliente', 'contribuinte'],
    make: (c) => until(() => c.digits(11), oracles.cpfIsValid),
    printed: (v) => v.replace(/(...)(...)(...)(..)/, '$1.$2.$3-$4'),
  },
  nif: { keys: ['nif', 'dni', 'documento', 'value'], make: (c) => until(() => withCheck(c.digits(8), upper, oracles.nifIsValid) ?? '', (v) => v !== '') },
  pesel: {
    keys: ['pesel', 'numer_pesel'],
    make: (c) => until(() => `${c.digits(2)}${c.pick(['01', '07', '12', '21', '32'])}${c.pick(['01', '15', '28'])}${c.digits(5)}`, oracles.peselIsValid),
  },
  vin: {
    keys: ['vin', 'vehicle', 'chassis', 'value'],
    make: (c) => {
      const letters = 'ABCDEFGHJKLMNPRSTUVWXYZ'
      return until(() => c.chars(letters, 3) + c.chars(`${letters}0123456789`, 5) + c.pick([...'0123456789X']) + c.chars(letters, 2) + c.digits(6), oracles.vinIsValid)
    },
  },
  email: { keys: ['email', 'mail', 'contact', 'user'], make: (c) => `${c.pick(['jane', 'bob.k', 'x_y', 'a+b'])}${c.digits(3)}@${c.pick(['example.com', 'mail.example.co.uk', 'sub.example.org'])}` },
  phone: { keys: ['phone', 'tel', 'mobile', 'contact'], make: (c) => `+${c.pick(['49', '44', '33', '48'])}${c.pick(['20', '30', '61'])}${c.digits(8)}`, printed: (v) => `${v.slice(0, 3)} ${v.slice(3, 5)} ${v.slice(5)}` },
  jwt: { secret: true, keys: ['token', 'authorization', 'id_token'], make: (c) => `${Buffer.from(`{"alg":"${c.pick(['HS256', 'RS256', 'none'])}","typ":"JWT"}`).toString('base64url')}.${Buffer.from(`{"sub":"${c.digits(10)}"}`).toString('base64url')}.${c.chars(base62, 43)}` },
  'private-key': { secret: true, keys: ['key', 'tls_key', 'identity'], make: (c) => `-----BEGIN ${c.pick(['', 'RSA ', 'EC ', 'OPENSSH '])}PRIVATE KEY-----\\n${c.chars(base62, 64)}\\n${c.chars(base62, 64)}\\n-----END PRIVATE KEY-----` },
  'basic-auth': { secret: true, keys: ['url', 'dsn', 'remote'], make: (c) => `${c.pick(['postgres', 'https', 'amqp'])}://svc:${c.chars(base62, 14)}@db${c.digits(2)}.example.com/x` },
  'github-token': { secret: true, keys: ['token', 'GITHUB_TOKEN'], make: (c) => { const body = c.chars(base62, 30); return `ghp_${body}${oracles.tokenCheck(body)}` } },
  'aws-access-key': { secret: true, keys: ['aws_access_key_id', 'key'], make: (c) => `AKIA${c.chars(`${upper}234567`, 16)}` },
  'aws-secret-key': { secret: true, keys: ['aws_secret_access_key', 'secretAccessKey'], make: (c) => c.chars(`${base62}/+`, 40) },
  'gcp-api-key': { secret: true, keys: ['apiKey', 'key'], make: (c) => `AIza${c.chars(base62, 35)}` },
  'gitlab-token': { secret: true, keys: ['token', 'CI_TOKEN'], make: (c) => `glpat-${c.chars(base62, 20)}` },
  'slack-token': { secret: true, keys: ['slack', 'token'], make: (c) => `xoxb-${c.digits(12)}-${c.digits(12)}-${c.chars(base62, 24)}` },
  'stripe-key': { secret: true, keys: ['stripe', 'key'], make: (c) => `sk_live_${c.chars(base62, 24)}` },
  'openai-key': { secret: true, keys: ['OPENAI_API_KEY', 'key'], make: (c) => `sk-proj-${c.chars(base62, 40)}T3BlbkFJ${c.chars(base62, 40)}` },
  'anthropic-key': { secret: true, keys: ['ANTHROPIC_API_KEY', 'key'], make: (c) => `sk-ant-api03-${c.chars(base62, 95)}` },
}

function ibanOf(c: Chance): string {
  const [code, length] = c.pick([['DE', 22], ['GB', 22], ['FR', 27], ['NL', 18], ['ES', 24], ['PL', 28]] as const)
  const account = code === 'GB' || code === 'NL' ? c.chars(upper, 4) + c.digits(length - 8) : c.digits(length - 4)
  return Array.from({ length: 97 }, (_, i) => code + String(i + 2).padStart(2, '0') + account).find(oracles.ibanIsValid)!
}

const names = ['Jane Doe', 'Bob Smith', 'Ana López', 'Jürgen Müller', 'Li Wei']
const streets = ['1 Main St', '22 High Road', 'Rua Nova 7', 'Hauptstr. 12']

type Carrier = (key: string, value: string, c: Chance) => string

/** What a value travels in. Each has other numbers around it. */
export const carriers: Readonly<Record<string, Carrier>> = {
  JSON: (key, value, c) => `{"id":${c.below(1e6)},"name":"${c.pick(names)}","created":"2026-0${1 + c.below(9)}-1${c.below(10)}T08:00:00Z","${key}":"${value}","total":${c.below(1e4)}.${c.digits(2)},"items":[${c.below(100)},${c.below(100)}]}`,
  'nested JSON': (key, value, c) => `{"data":"{\\"customer\\":{\\"${key}\\":\\"${value}\\",\\"zip\\":\\"${c.digits(5)}\\"}}","ts":17${c.digits(11)}}`,
  CSV: (key, value, c) => `id;name;street;${key};balance\n${Array.from({ length: 3 }, () => `${c.below(1e5)};${c.pick(names)};${c.pick(streets)};;${c.below(1e4)}.00`).join('\n')}\n${c.below(1e5)};${c.pick(names)};${c.pick(streets)};${value};${c.below(1e4)}.${c.digits(2)}\n`,
  HTML: (key, value, c) => `<tr><td>${c.below(1e5)}</td><td>${c.pick(names)}</td><th>${key.replaceAll('_', ' ')}</th><td>${value}</td><td>${c.digits(3)}</td></tr>`,
  log: (key, value, c) => `2026-11-24T18:0${c.below(10)}:${c.digits(2)}.${c.digits(3)}Z INFO svc[${c.below(9999)}]: user=${c.pick(['jane', 'bob'])} ${key}=${value} status=200 took=${c.below(900)}ms\n`,
  form: (key, value, c) => `name=${encodeURIComponent(c.pick(names))}&${key}=${encodeURIComponent(value)}&csrf=${c.chars(hex, 32)}&amount=${c.below(1e4)}`,
  'SQL dump': (key, value, c) => `INSERT INTO customers (id, name, ${key}, created) VALUES (${c.below(1e6)},'${c.pick(names)}','${value}','2026-01-1${c.below(10)} 10:00:00');\n`,
  prose: (key, value, c) => `Dear ${c.pick(names)}, as agreed on the 1${c.below(10)}th we have noted your ${key.replaceAll('_', ' ')} ${value}. Please call us by ${c.below(12) + 1} o'clock.`,
  XML: (key, value, c) => `<customer id="${c.below(1e5)}"><name>${c.pick(names)}</name><${key}>${value}</${key}><zip>${c.digits(5)}</zip></customer>`,
  base64: (key, value, c) => `payload: ${Buffer.from(`{"n":"${c.pick(names)}","${key}":"${value}","t":${c.below(1e5)}}`).toString('base64')}\n`,
}

const times = (n: number, make: () => string): string => Array.from({ length: n }, make).join('')
const digits16 = (c: Chance): string => c.pick([...'123456789']) + c.digits(15)
const uuid = (c: Chance): string => groups(c.chars(hex, 32), [8, 4, 4, 4, 12], '-')

/** Documents full of numbers, none of them anybody's. */
export const hardNegatives: Readonly<Record<string, (c: Chance) => string>> = {
  'order ids in JSON': (c) => `[${times(20, () => `{"order_id":"${digits16(c)}","qty":${c.below(50)},"price":${c.below(999)}.${c.digits(2)}},`)}]`,
  'a column of 16 digits': (c) => `ref,qty\n${times(30, () => `${digits16(c)},${c.below(50)}\n`)}`,
  'one number of 16 digits in a line': (c) => times(3, () => `2026-11-24 18:0${c.below(10)} worker ${c.below(9)} done ${digits16(c)} after ${c.below(9999)} steps, ${c.pick(names)} was told about it and went home again\n`),
  'timestamps in ms, µs and ns': (c) => times(30, () => `17${c.digits(11)} 17${c.digits(14)} 17${c.digits(17)} ok\n`),
  floats: (c) => times(60, () => `${c.below(180)}.${c.digits(16)},-${c.below(90)}.${c.digits(15)};0.${c.digits(17)}e-${c.below(9)}\n`),
  UUIDs: (c) => times(30, () => `{"id":"${uuid(c)}","parent":"${uuid(c)}"}\n`),
  'hashes in hex and base62': (c) => times(20, () => `${c.chars(hex, 40)} ${c.chars(hex, 64)} ${c.chars(base62, 22)}\n`),
  'ids that look like telephones': (c) => times(30, () => `${c.digits(3)}-${c.digits(3)}-${c.digits(4)} ok ${c.digits(10)}\n`),
  'numbers of 9 to 11 digits': (c) => times(60, () => `${c.digits(9)},${c.digits(10)},${c.digits(11)},${c.below(1e6)}\n`),
  'traces and spans': (c) => times(20, () => `trace_id=${c.chars(hex, 32)} span_id=${c.digits(16)} offset=${c.digits(12)} lsn=${c.digits(16)}\n`),
  'tracking numbers': (c) => times(10, () => `Parcel: tracking number ${digits16(c)}, sent 2026-0${1 + c.below(9)}-1${c.below(10)}, ${c.below(30)} kg, invoice ${c.digits(12)}\n`),
  'addresses and versions': (c) => times(40, () => `10.${c.below(256)}.${c.below(256)}.${c.below(256)}:${c.below(65536)} v${c.below(9)}.${c.below(99)}.${c.below(999)}-${c.digits(8)}\n`),
  'article codes': (c) => times(30, () => `<td>${c.digits(4)}-${c.digits(4)}-${c.digits(4)}</td><td>${c.chars(upper, 3)}-${c.digits(5)}</td><td>97${c.digits(11)}</td>\n`),
  'tables of four digits': (c) => times(40, () => `${c.digits(4)} ${c.digits(4)} ${c.digits(4)} ${c.digits(4)} ${c.digits(4)} ${c.digits(4)}\n`),
}
