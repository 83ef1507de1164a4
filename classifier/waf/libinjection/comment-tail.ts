/**
 * The two fingerprints of libinjection that libddwaf has taken out of its table, `1c` and `nc`: a number or a word with
 * nothing but a comment behind it, which cuts off the rest of a query. As libinjection's tests and its list of false
 * positives have it: `--` counts behind a number only, and only at the end or with `sp_password` (which hides a query
 * from logs) in it; a C comment behind a word must be closed; `#` never counts.
 */
const number = String.raw`^\d+(?:[-+*/]\d+)*\s*`
const numberDashes = new RegExp(String.raw`${number}--(?:$|(?=[\s\S]*sp_password))`, 'i')
const numberComment = new RegExp(String.raw`${number}/\*`)
const wordComment = /^[A-Za-z_]\w*\s*\/\*[\s\S]*\*\/$/

export function commentTail(value: string): '1c' | 'nc' | undefined {
  if (numberDashes.test(value) || numberComment.test(value)) return '1c'
  return wordComment.test(value) ? 'nc' : undefined
}
