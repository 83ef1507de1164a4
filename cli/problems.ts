/** Problems that are found before the API is asked, each with its place in the file. */
import type { Problem } from '../xds-server/policy/model.ts'

export class InputProblems extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(`${problems.length} problems`)
    this.problems = problems
  }
}
