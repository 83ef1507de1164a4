/** `FUZZ_VALUES=1000000 vitest run … library.test.ts` asks for more values than the suite does. */
import { expect, test } from 'vitest'
import { randomness } from '../../../test/support/random.ts'
import { testData } from '../../testdata.ts'
import { baseRules } from '../base.ts'
import { Automaton } from '../rx/automaton.ts'
import { subject } from '../rx/testdata/patterns.ts'
import { loadRules } from '../seclang/load.ts'
import type { RuleSet } from '../seclang/model.ts'
import { libraryOf } from './library.ts'
import { answers } from './part.ts'

const crs = testData('crs')
if (crs === undefined) console.error('SKIPPED: what the library says of values, CRS is not here')
const values = Number(process.env.FUZZ_VALUES ?? 1000)
const minute = 60_000

function loaded(directory: string): RuleSet {
  const rules = loadRules([directory], { before: [baseRules] })
  if (!rules.ok) throw new Error(rules.problems[0]!.message)
  return rules.value
}

test.skipIf(crs === undefined)(
  `what ${values} values match is what the automata and the screen say of them`,
  () => {
    const { rules, transformations } = loaded(crs!)
    const library = libraryOf(
      rules.flatMap(({ links }) => links),
      transformations,
    )
    const { links, screen } = library
    const patterns = [...links.keys()]
    const [whole, pieces] = [new Automaton(library.whole, patterns), new Automaton(library.pieces, patterns)]
    /** Making states takes most of the time. */
    const matchesOf = (automaton: Automaton, value: string, most: number): ReadonlySet<number> | undefined => {
      const found = new Set<number>()
      return automaton.matches(value, (pattern) => found.add(pattern), most) ? found : undefined
    }
    const tickets = screen.bits(patterns)
    const random = randomness(values)
    // an upper-case ÿ is no byte
    const some = () =>
      subject(links[Math.floor(random() * links.length)]!.operator.pattern!, random).replace(/[^\0-\xff]/g, '')
    const told = { matches: 0, whole: 0, pieces: 0 }
    for (let run = 0; run < values; run += 1) {
      const value = Array.from({ length: 1 + Math.floor(random() * 3) }, some)
        .join('')
        .slice(0, 400)
      const matching = new Set(patterns.filter((pattern) => answers(links[pattern]!, value)))
      told.matches += matching.size
      const isPattern = (pattern: number): boolean => pattern < links.length
      const most = run % 20 === 0 ? 10_000 : 20
      const exactly = matchesOf(whole, value, most)
      if (exactly) {
        told.whole += 1
        expect([value, new Set([...exactly].filter(isPattern))]).toEqual([value, matching])
      }
      const perhaps = matchesOf(pieces, value, most)
      if (perhaps) told.pieces += 1
      const admitted = new Set<number>()
      screen.admitted(tickets, value, (pattern) => admitted.add(pattern))
      screen.forget()
      for (const pattern of matching) {
        if (perhaps && !perhaps.has(pattern))
          throw new Error(`no piece of pattern ${pattern} in ${JSON.stringify(value)}`)
        if (!admitted.has(pattern)) throw new Error(`the screen keeps pattern ${pattern} from ${JSON.stringify(value)}`)
      }
    }
    if (process.env.FUZZ_VALUES) console.error(`${values} values: ${JSON.stringify(told)}`)
    expect(told.matches).toBeGreaterThan(values)
    expect(Math.min(told.whole, told.pieces)).toBeGreaterThan(50)
  },
  values * 10 + minute,
)
