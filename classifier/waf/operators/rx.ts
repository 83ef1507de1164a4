/** `@rx` and `@rxGlobal`: the pattern matches somewhere. Macros in patterns are refused: what a client sends would be read as a pattern. */
import { maxCaptures, maxGroupedBytes } from '../limits.ts'
import { compileRegex, type Regex } from '../rx/regex.ts'
import type { Match, Operator, OperatorFactory, OperatorProblem } from './operator.ts'

const macro = /%\{[A-Za-z_]+[.:}]/

export const rx: OperatorFactory = (argument) => {
  const regex = regexOf(argument)
  if ('message' in regex) return regex
  const operator: Operator = (value) => (regex.test(value) ? matchOf(regex, value) : undefined)
  return Object.assign(operator, { requires: regex.requirement, pattern: regex.tree })
}

/** Groups are found when somebody asks for them: to say that a pattern matches takes a fraction of the time. */
function matchOf(regex: Regex, value: string): Match {
  let found: readonly (string | undefined)[] | undefined
  const captures = (): readonly (string | undefined)[] => {
    found ??= regex.exec(value) ?? ['']
    return found
  }
  return {
    get matched() {
      return captures()[0]!
    },
    get captures() {
      return captures()
    },
  }
}

/** Captures what every match and its groups took, one after the other; of a long value those of one match. */
export const rxGlobal: OperatorFactory = (argument) => {
  const regex = regexOf(argument)
  if ('message' in regex) return regex
  return (value) => {
    if (value.length > maxGroupedBytes) return regex.test(value) ? matchOf(regex, value) : undefined
    const captures: (string | undefined)[] = []
    let found = regex.find(value, 0)
    while (found && captures.length < maxCaptures) {
      captures.push(...found.groups)
      found = regex.find(value, found.index + Math.max(1, found.groups[0]!.length))
    }
    return captures.length > 0 ? { matched: captures[0]!, captures: captures.slice(0, maxCaptures) } : undefined
  }
}

export function regexOf(source: string): Regex | OperatorProblem {
  if (macro.test(source)) return { message: 'a pattern can not hold macros' }
  try {
    return compileRegex(source)
  } catch (error) {
    return { message: (error as Error).message }
  }
}
