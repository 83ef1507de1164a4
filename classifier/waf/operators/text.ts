/** The operators that compare a value with a text, which may hold macros. */
import { fill, templateOf } from '../seclang/template.ts'
import type { Match, OperatorFactory } from './operator.ts'

const comparing =
  (compare: (value: string, text: string) => Match | undefined): OperatorFactory =>
  (argument) => {
    const template = templateOf(argument)
    return (value, tx) => compare(value, fill(template, tx.expand))
  }

export const beginsWith = comparing((value, text) => (value.startsWith(text) ? { matched: text } : undefined))
export const contains = comparing((value, text) => (value.includes(text) ? { matched: text } : undefined))
export const endsWith = comparing((value, text) => (value.endsWith(text) ? { matched: text } : undefined))
export const streq = comparing((value, text) => (value === text ? { matched: value } : undefined))

/** The other way round: the text contains the value. */
export const within = comparing((value, text) => (text.includes(value) ? { matched: value } : undefined))

/** The text stands there with no letter on its sides; as in ModSecurity v3, digits are no letters. */
export const containsWord = comparing((value, text) => {
  if (text === '') return { matched: text }
  for (let at = value.indexOf(text); at !== -1; at = value.indexOf(text, at + 1)) {
    if (!isLetter(value[at - 1]) && !isLetter(value[at + text.length])) return { matched: text }
  }
  return undefined
})

const isLetter = (character: string | undefined): boolean => character !== undefined && /[A-Za-z]/.test(character)
