/** The operators that compare a value with a text, which may hold macros. */
import type { Node } from '../rx/ast.ts'
import { treeOfTexts } from '../rx/texts.ts'
import { fill, templateOf } from '../seclang/template.ts'
import type { Match, Operator, OperatorFactory } from './operator.ts'

/** Where in the value the text stands; undefined: that is not what is asked. */
type Place = { readonly start: boolean; readonly end: boolean } | undefined

function patternOf(text: string, { start, end }: NonNullable<Place>): Node {
  const whole = treeOfTexts([text], { ignoreCase: false })
  const before: readonly Node[] = start ? [{ kind: 'assertion', place: 'start' }] : []
  const behind: readonly Node[] = end ? [{ kind: 'assertion', place: 'end' }] : []
  return { kind: 'sequence', parts: [...before, whole, ...behind] }
}

const comparing =
  (compare: (value: string, text: string) => Match | undefined, place: Place): OperatorFactory =>
  (argument) => {
    const template = templateOf(argument)
    const operator: Operator = (value, tx) => compare(value, fill(template, tx.expand))
    return template.kind === 'text' && place
      ? Object.assign(operator, { pattern: patternOf(template.text, place) })
      : operator
  }

export const beginsWith = comparing((value, text) => (value.startsWith(text) ? { matched: text } : undefined), {
  start: true,
  end: false,
})
export const contains = comparing((value, text) => (value.includes(text) ? { matched: text } : undefined), {
  start: false,
  end: false,
})
export const endsWith = comparing((value, text) => (value.endsWith(text) ? { matched: text } : undefined), {
  start: false,
  end: true,
})
export const streq = comparing((value, text) => (value === text ? { matched: value } : undefined), {
  start: true,
  end: true,
})

/** The other way round: the text contains the value. */
export const within = comparing((value, text) => (text.includes(value) ? { matched: value } : undefined), undefined)

/** The text stands there with no letter on its sides; as in ModSecurity v3, digits are no letters. */
export const containsWord = comparing((value, text) => {
  if (text === '') return { matched: text }
  for (let at = value.indexOf(text); at !== -1; at = value.indexOf(text, at + 1)) {
    if (!isLetter(value[at - 1]) && !isLetter(value[at + text.length])) return { matched: text }
  }
  return undefined
}, undefined)

const isLetter = (character: string | undefined): boolean => character !== undefined && /[A-Za-z]/.test(character)
