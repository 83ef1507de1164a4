/** Numbers that carry a check: the pattern finds candidates, the check decides. */
import { maxVerifiedCandidates } from '../limits.ts'
import type { Regex } from '../rx/regex.ts'
import { isCardNumber, isCpf, isRut, isSsn, isSvnr, isUsId } from './checksums.ts'
import type { Match, OperatorFactory } from './operator.ts'
import { regexOf } from './rx.ts'

const verifying =
  (isValid: (candidate: string) => boolean): OperatorFactory =>
  (argument) => {
    const regex = regexOf(argument)
    return 'message' in regex ? regex : (value) => verify(regex, value, isValid)
  }

/** Candidates may overlap: after one that is none the search goes on behind its first byte. */
function verify(regex: Regex, value: string, isValid: (candidate: string) => boolean): Match | undefined {
  let from = 0
  for (let tries = 0; tries < maxVerifiedCandidates; tries++) {
    const found = regex.find(value, from)
    if (!found) return undefined
    const candidate = found.groups[0]!
    if (isValid(candidate)) return { matched: candidate, captures: found.groups }
    from = found.index + 1
  }
  return undefined
}

export const verifyCC = verifying(isCardNumber)
export const verifyCPF = verifying(isCpf)
export const verifySSN = verifying(isSsn)
export const verifySVNR = verifying(isSvnr)

/** `cl <pattern>` (Chile's RUT) or `us <pattern>` (social security). */
export const validateNid: OperatorFactory = (argument, context) => {
  const [, country, pattern] = /^(\w+)\s+([^\n]+)$/.exec(argument) ?? []
  const isValid = country === 'cl' ? isRut : country === 'us' ? isUsId : undefined
  if (!isValid || pattern === undefined) return { message: 'it needs a country (cl or us) and a pattern' }
  return verifying(isValid)(pattern, context)
}
