/** SecLang text → directives: continuation lines joined, comments dropped, arguments unquoted. */
import type { Problem } from './model.ts'

export type Directive = {
  readonly name: string
  readonly arguments: readonly string[]
  readonly file: string
  readonly line: number
}

export function directivesOf(text: string, file: string): { directives: Directive[]; problems: Problem[] } {
  const directives: Directive[] = []
  const problems: Problem[] = []
  for (const { content, line } of logicalLines(text)) {
    const [name, ...rest] = words(content)
    if (name === undefined) problems.push({ file, line, message: 'a quotation mark is not closed' })
    else directives.push({ name, arguments: rest, file, line })
  }
  return { directives, problems }
}

/** A backslash at the end of a line joins the next one (without the indentation). */
function* logicalLines(text: string): Generator<{ content: string; line: number }> {
  let content = ''
  let first = 0
  const lines = text.split(/\r?\n/)
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim()
    if (content === '' && (line === '' || line.startsWith('#'))) continue
    if (content === '') first = index + 1
    const more = line.endsWith('\\')
    content += more ? line.slice(0, -1) : line
    if (more && index + 1 < lines.length) continue
    if (content.trim() !== '') yield { content, line: first }
    content = ''
  }
  if (content.trim() !== '') yield { content, line: first }
}

/** Words between blanks; `"…"` and `'…'` are one word. Empty: a quotation mark is not closed. */
function words(text: string): string[] {
  const found: string[] = []
  let at = 0
  while (at < text.length) {
    if (isBlank(text[at]!)) {
      at += 1
      continue
    }
    const end = endOfWord(text, at)
    if (end === undefined) return []
    found.push(unquoted(text.slice(at, end)))
    at = end
  }
  return found
}

const isBlank = (char: string): boolean => char === ' ' || char === '\t'
const isQuote = (char: string): boolean => char === '"' || char === "'"

/** The index behind the word that starts at `at`. */
function endOfWord(text: string, at: number): number | undefined {
  const quote = text[at]!
  if (!isQuote(quote)) {
    let end = at
    while (end < text.length && !isBlank(text[end]!)) end += 1
    return end
  }
  for (let i = at + 1; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1
    else if (text[i] === quote) return i + 1
  }
  return undefined
}

/** ModSecurity v3 removes the backslash before the quotation mark only; what is left belongs to the pattern. */
function unquoted(word: string): string {
  const quote = word[0]!
  if (!isQuote(quote)) return word
  return word.slice(1, -1).replaceAll(`\\${quote}`, quote)
}
