/** The operators that compare numbers. As C's `atoi`: what stands before the first other character, 0 if nothing does. */
import { fill, templateOf } from '../seclang/template.ts'
import type { OperatorFactory } from './operator.ts'

const comparing =
  (holds: (value: number, limit: number) => boolean): OperatorFactory =>
  (argument) => {
    const template = templateOf(argument)
    const constant = template.kind === 'text' ? numberOf(template.text) : undefined
    return (value, tx) =>
      holds(numberOf(value), constant ?? numberOf(fill(template, tx.expand))) ? { matched: value } : undefined
  }

export const eq = comparing((value, limit) => value === limit)
export const ge = comparing((value, limit) => value >= limit)
export const gt = comparing((value, limit) => value > limit)
export const le = comparing((value, limit) => value <= limit)
export const lt = comparing((value, limit) => value < limit)

/** `parseInt` with C's white space: to JavaScript the non-breaking space is one, too. */
function numberOf(text: string): number {
  if (text.includes('\xa0')) return Number(/^[\t-\r ]*([+-]?\d+)/.exec(text)?.[1] ?? 0)
  return Number.parseInt(text, 10) || 0
}
