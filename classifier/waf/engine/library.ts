/** The patterns of all rules together: one program for the automata, one screen for texts that are too strange for them. */
import { maxLibraryPlaces } from '../limits.ts'
import { type Program, programOf } from '../rx/program.ts'
import { requirementOf } from '../rx/requirement.ts'
import type { Link } from '../seclang/model.ts'
import { Screen } from './screen.ts'

export type Library = {
  readonly program: Program
  /** For each pattern whose it is. */
  readonly links: readonly Link[]
  readonly screen: Screen
  /** The pattern of a link that has one here. */
  readonly patternOf: ReadonlyMap<Link, number>
}

export function libraryOf(all: readonly Link[]): Library {
  const links = all.filter(({ operator }) => operator.pattern !== undefined)
  const program = programOf(
    links.map(({ operator }) => operator.pattern!),
    maxLibraryPlaces,
  )
  const screen = new Screen()
  for (const { operator } of links) screen.add(operator.requires ?? requirementOf(operator.pattern!))
  screen.build()
  const within = links.flatMap((link, pattern) => (program.starts[pattern] === -1 ? [] : [[link, pattern] as const]))
  return { program, links, screen, patternOf: new Map(within) }
}
