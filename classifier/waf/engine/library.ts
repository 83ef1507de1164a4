/** The patterns of all rules together, in the forms in which a text is asked for all of them at once (`part.ts`). */
import { maxLibraryPlaces } from '../limits.ts'
import { excerptOf } from '../rx/excerpt.ts'
import { type Program, programOf } from '../rx/program.ts'
import { compileRegex } from '../rx/regex.ts'
import { requirementOf } from '../rx/requirement.ts'
import type { Link, TransformationNode } from '../seclang/model.ts'
import { Screen } from './screen.ts'

export type Library = {
  readonly whole: Program
  /** Pieces of the patterns (`rx/excerpt.ts`), for texts that begin many of them. */
  readonly pieces: Program
  /** For each pattern whose it is. */
  readonly links: readonly Link[]
  /** Whether `pieces` has all of a pattern; else its link has to be asked. */
  readonly isWhole: readonly boolean[]
  readonly screen: Screen
  /** The pattern of a link that has one here. */
  readonly patternOf: ReadonlyMap<Link, number>
  /** That of what changes a text (`TransformationNode.changes`). */
  readonly changeOf: ReadonlyMap<string, number>
}

/** What nearly every text has would be told all the time. */
const isRare = (change: string): boolean => !new RegExp(change).test('a b')

export function libraryOf(all: readonly Link[], nodes: readonly TransformationNode[]): Library {
  const links = all.filter(({ operator }) => operator.pattern !== undefined)
  const changes = [...new Set(nodes.flatMap((node) => node.changes ?? []))].filter(isRare)
  const trees = changes.map((source) => compileRegex(source).tree)
  const excerpts = links.map(({ operator }) => excerptOf(operator.pattern!))
  const whole = programOf([...links.map(({ operator }) => operator.pattern!), ...trees], maxLibraryPlaces)
  const pieces = programOf([...excerpts.map(({ tree }) => tree), ...trees], maxLibraryPlaces)
  const screen = new Screen()
  for (const { operator } of links) screen.add(operator.requires ?? requirementOf(operator.pattern!))
  screen.build()
  const within = links.flatMap((link, pattern) =>
    whole.starts[pattern] === -1 || pieces.starts[pattern] === -1 ? [] : [[link, pattern] as const],
  )
  const changeOf = new Map(changes.map((source, at) => [source, links.length + at]))
  const isWhole = [...excerpts.map((excerpt) => excerpt.isWhole), ...changes.map(() => true)]
  return { whole, pieces, links, isWhole, screen, patternOf: new Map(within), changeOf }
}
