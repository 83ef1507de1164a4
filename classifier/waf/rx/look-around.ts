/**
 * Patterns with look-around or references back, which no linear-time engine takes: sensors that people bring along have
 * them. Promises: the rest of the pattern means what it means everywhere else here; V8 runs it on windows of 2 KB, and only
 * where its time there grows with their square at most. Never: atomic groups, conditions, recursion.
 */
import { backtrackingDegree } from './backtracking.ts'
import { emit } from './emit.ts'
import { RegexError } from './error.ts'
import { type LookAround, type Piece, piecesOf } from './look-around-pieces.ts'
import { parsePattern } from './parse.ts'

/** The first match that begins at `from` or behind it; undefined: none. No match is longer than a window. */
export type Search = (subject: string, from: number) => { readonly start: number; readonly end: number } | undefined

/** What V8 sees at once… */
const maxLookAroundBytes = 2048
/** …of no pattern whose time grows faster than its square: 10 ms at worst. */
const maxLookAroundDegree = 2
/** Bytes before the first place of a window where a match may begin: for what looks behind. */
const behindBytes = 64
/** Where in a window a match may begin; what follows is for its length. */
const stepBytes = maxLookAroundBytes / 2

const plain = /\\Q[\s\S]*?(?:\\E|$)|\\(?![1-9])[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]/g

/** Whether a pattern has any: it is then read here, and told here what is wrong with it. */
export const looksAround = (source: string): boolean =>
  /\(\?<?[=!]|\\[1-9](?![0-7]{2})/.test(source.replace(plain, '.'))

/** Throws a RegexError. `source` is a byte string. */
export function lookAroundSearch(source: string, ignoreCase: boolean): Search {
  const { whole, lookArounds, hasReferences, ignoresCase } = piecesOf(source)
  const flags = { ignoreCase: ignoreCase || ignoresCase, multiline: false, dotAll: true }
  const parsed = (piece: Piece) => parsePiece(piece, flags)
  const text = rebuilt(whole, (piece) => emit(parsed(piece), 'v8'))
  judge(whole, lookArounds, flags)
  const regex = new RegExp(text, hasReferences && flags.ignoreCase ? 'gi' : 'g')
  return (subject, from) => inWindows(regex, subject, from)
}

type Flags = Parameters<typeof parsePattern>[1]

/** Positions of errors are those of the whole pattern. */
function parsePiece(piece: Piece, flags: Flags) {
  try {
    return parsePattern(piece.text, flags).tree
  } catch (error) {
    if (!(error instanceof RegexError)) throw error
    throw new RegexError(error.reason, piece.origins[error.position] ?? piece.end)
  }
}

/**
 * What stands in brackets that look around is run anew for every way to come by: the exponent of what is read before adds to
 * its own. In a repetition it may have no loop at all.
 */
function judge(whole: Piece, lookArounds: readonly LookAround[], flags: Flags): void {
  const degree = (text: string) => backtrackingDegree(parsePattern(text, flags).tree)
  const degrees = lookArounds.map(({ piece, start, before, isRepeated }) => {
    const inner = degree(piece.judged) - 1
    if (inner > 0 && isRepeated) throw new RegexError('look-around with a loop in it can not be repeated', start)
    return degree(before ?? whole.judged) + inner
  })
  if (Math.max(degree(whole.judged), ...degrees) > maxLookAroundDegree)
    throw new RegexError('with look-around or references back, these repetitions could take too long', 0)
}

const emptyCapture = '((?:))'

/** The holes (empty groups) of what was emitted are filled with what stood there. */
function rebuilt(piece: Piece, emitted: (piece: Piece) => string): string {
  const [first, ...rest] = emitted(piece).split(emptyCapture)
  if (rest.length !== piece.holes.length) throw new RegexError('an empty group beside look-around', piece.start)
  const filled = piece.holes.map((hole) =>
    hole.kind === 'reference' ? `(?:\\${hole.group})` : `${hole.open}${rebuilt(hole.piece, emitted)})`,
  )
  return first! + filled.map((text, i) => text + rest[i]!).join('')
}

function inWindows(regex: RegExp, subject: string, from: number): ReturnType<Search> {
  for (let at = from; at <= subject.length; at += stepBytes) {
    const start = Math.max(0, at - behindBytes)
    regex.lastIndex = at - start
    const found = regex.exec(subject.slice(start, start + maxLookAroundBytes))
    if (found && found.index + start < at + stepBytes)
      return { start: start + found.index, end: start + found.index + found[0].length }
  }
  return undefined
}
