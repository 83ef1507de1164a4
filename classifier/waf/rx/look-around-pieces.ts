/**
 * A pattern taken apart at its look-around and its references back: each leaves a hole (an empty group), and what is left
 * is read by the parser of all other patterns.
 */
import { RegexError } from './error.ts'

export type Hole =
  | { readonly kind: 'reference'; readonly group: number }
  | { readonly kind: 'look'; readonly open: string; readonly piece: Piece }

export type Piece = {
  /** With `()` for each hole. */
  readonly text: string
  /** Where in the whole pattern each character of `text` stands. */
  readonly origins: readonly number[]
  readonly start: number
  readonly end: number
  /** For the judge of its cost: a reference back is what the group could have read. */
  readonly judged: string
  readonly holes: readonly Hole[]
}

export type LookAround = {
  readonly piece: Piece
  readonly start: number
  /** For the judge: all that is read before it; undefined where that is not simply what stands before it. */
  readonly before: string | undefined
  isRepeated: boolean
}

export type Pieces = {
  readonly whole: Piece
  readonly lookArounds: readonly LookAround[]
  readonly hasReferences: boolean
  /** It begins with `(?i)`. */
  readonly ignoresCase: boolean
}

/** Throws a RegexError. */
export function piecesOf(source: string): Pieces {
  const leading = /^\(\?([is]+)\)/.exec(source)
  const scanner = new Scanner(source, leading?.[0].length ?? 0)
  const whole = scanner.piece()
  if (!scanner.done) throw new RegexError('there is no bracket open for this )', whole.end)
  const { lookArounds, hasReferences } = scanner
  return { whole, lookArounds, hasReferences, ignoresCase: leading?.[1]?.includes('i') ?? false }
}

/** In this order: what can not be told from the next by its first characters comes before it. */
const tokens = {
  quoted: /\\Q[\s\S]*?(?:\\E|$)/y,
  reference: /\\([1-9])(?![0-7]{2})/y,
  escape: /\\[\s\S]/y,
  set: /\[\^?\]?(?:\[:\^?\w+:\]|\\[\s\S]|[^\]\\])*\]/y,
  look: /\(\?<?[=!]/y,
  flags: /\(\?[a-z-]+\)/y,
  open: /\(\?(?:[a-z-]*:|P?<\w+>)|\(/y,
  other: /[^()]/y,
} as const
type Token = keyof typeof tokens
const order = Object.keys(tokens) as readonly Token[]

type Draft = { text: string; readonly origins: number[]; judged: string; readonly holes: Hole[] }

class Scanner {
  readonly #source: string
  #at: number
  #captures = 0
  /** What each closed group could have read. */
  readonly #groups: (string | undefined)[] = []
  readonly lookArounds: LookAround[] = []
  hasReferences = false
  /** Brackets that are open. */
  #depth = 0

  constructor(source: string, at: number) {
    this.#source = source
    this.#at = at
  }

  get done(): boolean {
    return this.#at >= this.#source.length
  }

  /** Up to the end, or the bracket that closes it. */
  piece(): Piece {
    const start = this.#at
    const draft: Draft = { text: '', origins: [], judged: '', holes: [] }
    this.#depth++
    while (!this.done && this.#source[this.#at] !== ')') this.#token(draft)
    this.#depth--
    return { ...draft, start, end: this.#at }
  }

  #token(draft: Draft): void {
    const at = this.#at
    const [kind, found] = this.#next()
    this.#at += found[0].length
    if (kind === 'reference') this.#reference(draft, Number(found[1]), at)
    else if (kind === 'look') this.#look(draft, found[0], at)
    else if (kind === 'open') this.#group(draft, found[0], at)
    else if (kind === 'flags') throw new RegexError('beside look-around, flags can only stand at the beginning', at)
    else add(draft, found[0], at)
  }

  #next(): readonly [Token, RegExpExecArray] {
    for (const kind of order) {
      const token = tokens[kind]
      token.lastIndex = this.#at
      const found = token.exec(this.#source)
      if (found) return [kind, found]
    }
    throw new RegexError('this is not understood', this.#at)
  }

  #reference(draft: Draft, group: number, at: number): void {
    const judged = this.#groups[group]
    if (judged === undefined) throw new RegexError(`there is no group ${group} before this reference`, at)
    this.hasReferences = true
    draft.holes.push({ kind: 'reference', group })
    add(draft, '()', at, `(?:${judged})`)
  }

  #look(draft: Draft, open: string, at: number): void {
    const before = this.#depth === 1 ? draft.judged : undefined
    const piece = this.piece()
    this.#close(at)
    draft.holes.push({ kind: 'look', open, piece })
    this.lookArounds.push({ piece, start: at, before, isRepeated: this.#repeats() })
    add(draft, '()', at)
  }

  #group(draft: Draft, open: string, at: number): void {
    const isCapture = !open.endsWith(':')
    const index = isCapture ? ++this.#captures : 0
    const before = this.lookArounds.length
    const { text, origins, judged, holes } = this.piece()
    this.#close(at)
    if (isCapture) this.#groups[index] = judged
    draft.holes.push(...holes)
    add(draft, open, at)
    draft.text += text
    draft.origins.push(...origins)
    draft.judged += judged
    add(draft, ')', this.#at - 1)
    if (this.#repeats()) for (const inner of this.lookArounds.slice(before)) inner.isRepeated = true
  }

  #close(at: number): void {
    if (this.done) throw new RegexError('a bracket is not closed', at)
    this.#at += 1
  }

  #repeats(): boolean {
    return /^(?:[*+]|\{\d)/.test(this.#source.slice(this.#at, this.#at + 2))
  }
}

function add(draft: Draft, text: string, at: number, judged = text): void {
  draft.text += text
  for (let i = 0; i < text.length; i++) draft.origins.push(at + (text === '()' ? 0 : i))
  draft.judged += judged
}
