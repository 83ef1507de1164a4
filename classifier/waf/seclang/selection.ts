/** Rules named by others: by id (`1,5-9`), tag or message. */
import { compileRegex } from '../rx/regex.ts'
import { type DraftRule, lastValue } from './draft.ts'

export function idsOf(text: string): (id: number) => boolean {
  const ranges = text
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map((part) => {
      const found = /^"?(\d+)(?:-(\d+))?"?$/.exec(part)
      if (!found) throw new Error(`${part} is neither an id nor a range of ids`)
      return { from: Number(found[1]), to: Number(found[2] ?? found[1]) }
    })
  return (id) => ranges.some(({ from, to }) => from <= id && id <= to)
}

/** ModSecurity reads tag and message as patterns that may match anywhere. */
export function ruleMatcher(field: 'tag' | 'msg', pattern: string): (rule: DraftRule) => boolean {
  const regex = compileRegex(pattern)
  return ({ links }) => {
    const { actions } = links[0]!
    if (field === 'msg') return regex.test(lastValue(actions, 'msg') ?? '')
    return actions.some(({ name, value }) => name === 'tag' && regex.test(value))
  }
}
