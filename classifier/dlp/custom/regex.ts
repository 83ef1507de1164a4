/**
 * A regex of the user's over the stream, in windows at fixed offsets: the same matches wherever the stream is cut, none
 * longer than 512 bytes. V8 runs it only where its backtracking is bounded by the pattern's shape; else the linear engine.
 */
import { RE2JS, RE2JSSyntaxException } from 're2js'
import { RegexError } from '../../waf/rx/error.ts'
import { lookAroundSearch, looksAround } from '../../waf/rx/look-around.ts'
import { slice } from '../bytes.ts'
import { maxPatternCharacters, maxRegexBytes, regexBehindBytes, regexStepBytes } from '../limits.ts'
import type { Detector, Found, Parsed, Sweep } from '../model.ts'

/** The first match that begins at `from` or behind it. */
type Search = (subject: string, from: number) => { readonly start: number; readonly end: number } | undefined

/** What RE2 refuses is tried once more as a pattern with look-around, which are bounded by their shape. Byte semantics (latin1). */
export function regexDetector(name: string, source: string, ignoreCase = false): Parsed<Detector> {
  const refuse = (message: string, position = 0) =>
    ({ ok: false, problems: [{ path: 'regex', message, position }] }) as const
  if (source.length > maxPatternCharacters)
    return refuse(`longer than ${maxPatternCharacters} characters`, maxPatternCharacters)
  try {
    const search = looksAround(source) ? lookAroundSearch(source, ignoreCase) : searchFor(source, ignoreCase)
    if (search('', 0)) return refuse('it matches nothing at all (the empty text)')
    return { ok: true, value: { name, newSweep: () => sweep(search) } }
  } catch (error) {
    if (error instanceof RegexError) return refuse(error.reason, error.position)
    return refuse((error as Error).message, error instanceof RE2JSSyntaxException ? faultIn(source) : 0)
  }
}

/** Where people have to look: at what RE2 names, or where that is the whole pattern behind its longest good beginning. */
function faultIn(source: string): number {
  const fault = faultOf(source)
  const named = fault?.getPattern() ?? source
  const places = named === source ? [] : placesOf(named, source)
  const at = places.find((place) => isSame(faultOf(source.slice(0, place + named.length)), fault))
  if (at !== undefined) return at
  let good = source.length - 1
  while (good > 0 && faultOf(source.slice(0, good))) good--
  return Math.max(good, 0)
}

const isSame = (a: RE2JSSyntaxException | undefined, b: RE2JSSyntaxException | undefined): boolean =>
  a?.getDescription() === b?.getDescription()

function faultOf(source: string): RE2JSSyntaxException | undefined {
  try {
    RE2JS.compile(source, RE2JS.DOTALL)
    return undefined
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return error
    throw error
  }
}

function placesOf(part: string, text: string): readonly number[] {
  const places: number[] = []
  for (let i = text.indexOf(part); i >= 0; i = text.indexOf(part, i + 1)) places.push(i)
  return places
}

function searchFor(source: string, ignoreCase: boolean): Search {
  const linear = RE2JS.compile(source, RE2JS.DOTALL | (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0))
  if (isCheap(source)) return backtracking(new RegExp(source, ignoreCase ? 'gsi' : 'gs'))
  return (subject, from) => {
    const matcher = linear.matcher(subject)
    return matcher.find(from) ? { start: matcher.start(), end: matcher.end() } : undefined
  }
}

function backtracking(regex: RegExp): Search {
  return (subject, from) => {
    regex.lastIndex = from
    const match = regex.exec(subject)
    return match ? { start: match.index, end: match.index + match[0].length } : undefined
  }
}

/** Ways to divide a subject among the repetitions, at most: times 256 starts that is a few milliseconds. */
const maxWays = 4096
const escapesAlike =
  /^(?:[^\\[(?]|\\[dDwWsSbBtnrfv.\\/()[\]{}*+?|^$-]|\\x[0-9a-fA-F]{2}|\[\^?(?:[^\]\\[]|\\[dDwWsStnrfv.\\/()[\]{}*+?|^$-])+\]|\((?!\?)|\(\?:|[*+?}]\??)*$/

/** No repeated group, few repetitions, and only syntax that means the same to RE2 and V8. */
export function isCheap(source: string): boolean {
  if (!escapesAlike.test(source) || /\)(?:[*+{])/.test(source) || /\\s/i.test(source)) return false
  let ways = 1
  for (const [, unbounded, low, comma, high] of source.matchAll(/(?<!\\)(?:([*+])|\{(\d+)(,?)(\d*)\})/g)) {
    if (unbounded || (comma && high === '')) ways *= maxRegexBytes
    else if (comma) ways *= Number(high) - Number(low) + 1
  }
  return ways <= maxWays
}

function sweep(search: Search): Sweep {
  /** Stream offsets: windows before this one are done, and what the last match covers. */
  let nextWindow = 0
  let lastEnd = 0
  return (text, _from, to, base) => {
    const found: Found[] = []
    for (; nextWindow < base + to; nextWindow += regexStepBytes) {
      const at = nextWindow - base
      const behind = Math.min(regexBehindBytes, nextWindow)
      const window = slice(text, at - behind, at + maxRegexBytes - regexBehindBytes)
      for (let from = Math.max(behind, lastEnd - nextWindow + behind); from < behind + regexStepBytes; ) {
        const match = search(window, from)
        if (!match || match.start >= behind + regexStepBytes) break
        from = Math.max(match.end, match.start + 1)
        if (match.end === match.start) continue
        lastEnd = nextWindow - behind + match.end
        found.push({ start: at - behind + match.start, end: at - behind + match.end, strength: 'likely' })
      }
    }
    return found
  }
}
