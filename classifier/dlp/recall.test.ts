/** How much is found, and how much is flagged for nothing: on a labelled set of our own making. Prints what it measured. */
import { expect, test } from 'vitest'
import { detectors } from './detectors.ts'
import { compileDetectors } from './program.ts'
import { redaction } from './redact.ts'
import { scanAll } from './stream.ts'
import { carriers, chance, hardNegatives, labels } from './testdata/labelled.ts'

const program = compileDetectors(detectors)
const redact = redaction(Buffer.from('key'))
const found = (text: string, form = false): ReadonlySet<string> =>
  new Set(scanAll(program, redact, [Buffer.from(text)], form).findings.map(({ detector }) => detector))

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const table = (title: string, rows: Readonly<Record<string, number>>): void =>
  console.log(
    [title, ...Object.entries(rows).map(([name, share]) => `  ${name.padEnd(34)}${percent(share)}`)].join('\n'),
  )

/** Share of the values found: in every carrier, bare and as people print them. */
function recallOf(detector: string, seed: number, rounds: number): number {
  const c = chance(seed)
  const { make, printed, keys } = labels[detector]!
  let [hits, all] = [0, 0]
  for (let round = 0; round < rounds; round++) {
    for (const [name, carry] of Object.entries(carriers)) {
      for (const write of [(value: string) => value, ...(printed ? [printed] : [])]) {
        all++
        if (found(carry(c.pick(keys), write(make(c), c), c), name === 'form').has(detector)) hits++
      }
    }
  }
  return hits / all
}

/** What is far from its name in CSV and SQL has no shape of its own. */
const floors: Readonly<Record<string, number>> = { 'aws-secret-key': 0.8, sin: 0.93, ssn: 0.95 }

test('recall of each detector', () => {
  const recall = Object.fromEntries(Object.keys(labels).map((name) => [name, recallOf(name, 4711, 12)]))
  table('recall', recall)
  const missed = Object.entries(recall).filter(([name, share]) => share < (floors[name] ?? 0.98))
  expect(missed).toEqual([])
})

test('documents full of numbers that are nobody’s: at most one in fifty is flagged, of any kind', () => {
  const rounds = 60
  const c = chance(815)
  const flagged = Object.fromEntries(
    Object.entries(hardNegatives).map(([name, make]) => {
      const documents = Array.from({ length: rounds }, () => make(c))
      return [name, documents.filter((text) => found(text).size > 0).length / rounds]
    }),
  )
  table('flagged for nothing', flagged)
  const all = Object.values(flagged).reduce((sum, share) => sum + share, 0) / Object.keys(flagged).length
  expect(all).toBeLessThanOrEqual(0.02)
  expect(Object.entries(flagged).filter(([, share]) => share > 0.06)).toEqual([])
})

test('a random number of 16 digits is a card only where issuer and checksum fit, and nothing around says that it is none', () => {
  const c = chance(16)
  const valid: string[] = []
  let flagged = 0
  for (let i = 0; i < 3000; i++) {
    const value = c.digits(16)
    if (!found(`see ${value} there`).has('card')) continue
    flagged++
    valid.push(value)
  }
  expect(flagged / 3000).toBeLessThan(0.04)
  for (const value of valid) {
    expect(found(`"order_id": "${value}"`)).not.toContain('card')
    expect(found(`tracking number ${value}`)).not.toContain('card')
    expect(found(`ids: 1234123412341234, ${value}, 9876987698769876`)).not.toContain('card')
    expect(found(`"card_id": "${value}"`)).toContain('card')
    expect(found(`ids: 1234123412341234, card ${value}, 9876987698769876`)).toContain('card')
    expect(found(`ids: 4111111111111111, 5555555555554444, ${value}, 9876987698769876`)).toContain('card')
  }
})
