/** Arguments as commander gets them: text in, values out, usage errors in words. */
import { InvalidArgumentError } from 'commander'

/** A whole number; its range is the API's business. */
export function number(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number.')
}

/** For an option that may be given several times. */
export const collect = (text: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  text,
]

/** For an option that takes a comma-separated list and may be given several times. */
export const collectList = (text: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  ...text.split(',').map((part) => part.trim()),
]
