/** The text of a regular expression → its tree. The grammar, and what is left out, stands at the top of `regex.ts`. */

type Range = readonly [number, number]
export type RegexNode =
  | { readonly kind: 'set'; readonly ranges: readonly Range[]; readonly negated: boolean }
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'sequence'; readonly nodes: readonly RegexNode[] }
  | { readonly kind: 'either'; readonly nodes: readonly RegexNode[] }
  /** `max` undefined: no upper bound. */
  | { readonly kind: 'repeat'; readonly node: RegexNode; readonly min: number; readonly max: number | undefined }

export type ParsedRegex =
  | { readonly ok: true; readonly node: RegexNode }
  | { readonly ok: false; readonly message: string }

/** Characters. Bounds the parser's recursion too. */
export const maxRegexLength = 256

class Refused extends Error {}
const refuse = (message: string): never => {
  throw new Refused(message)
}

const digits: readonly Range[] = [[48, 57]]
const word: readonly Range[] = [...digits, [65, 90], [95, 95], [97, 122]]
const space: readonly Range[] = [
  [9, 13],
  [32, 32],
  [160, 160],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]
const lineEnds: readonly Range[] = [
  [10, 10],
  [13, 13],
  [0x2028, 0x2029],
]
const shorthand: Readonly<Record<string, readonly Range[]>> = { d: digits, w: word, s: space }
const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9 }

type Cursor = { readonly source: string; at: number }
const peek = (c: Cursor): string => c.source.charAt(c.at)
const next = (c: Cursor): string => c.source.charAt(c.at++)
const literal = (char: string): Range => [char.charCodeAt(0), char.charCodeAt(0)]

function complement(ranges: readonly Range[]): readonly Range[] {
  const out: Range[] = []
  let from = 0
  for (const [a, b] of ranges) {
    if (a > from) out.push([from, a - 1])
    from = b + 1
  }
  return [...out, [from, 0xffff]]
}

/** What stands after a backslash, as ranges. */
function escaped(c: Cursor): readonly Range[] {
  const char = next(c)
  if (char === '') return refuse('ends with a backslash')
  const known = shorthand[char] ?? (shorthand[char.toLowerCase()] && complement(shorthand[char.toLowerCase()]!))
  if (known !== undefined) return known
  if (controls[char] !== undefined) return [[controls[char], controls[char]]]
  if (/[0-9A-Za-z]/.test(char)) return refuse(`uses \\${char}, which is not supported`)
  return [literal(char)]
}

const classAtom = (c: Cursor): readonly Range[] => {
  const char = next(c)
  if (char === '') return refuse('has a [ without its ]')
  return char === '\\' ? escaped(c) : [literal(char)]
}

function classRange(c: Cursor): readonly Range[] {
  const first = classAtom(c)
  if (peek(c) !== '-' || c.source.charAt(c.at + 1) === ']') return first
  c.at++
  const last = classAtom(c)
  const [from, to] = [first[0]?.[0], last[0]?.[1]]
  const single = first.length === 1 && last.length === 1 && first[0]![0] === first[0]![1] && last[0]![0] === last[0]![1]
  if (!single || from === undefined || to === undefined || from > to) return refuse('has a bad range in [ ]')
  return [[from, to]]
}

function characterClass(c: Cursor): RegexNode {
  const negated = peek(c) === '^'
  if (negated) c.at++
  if (peek(c) === ']') return refuse('has an empty [ ]')
  const ranges: Range[] = []
  while (peek(c) !== ']') ranges.push(...classRange(c))
  c.at++
  return { kind: 'set', ranges, negated }
}

function group(c: Cursor): RegexNode {
  if (c.source.startsWith('?:', c.at)) c.at += 2
  else if (peek(c) === '?') return refuse('uses (?…, of which only (?: is supported')
  const inside = either(c)
  if (next(c) !== ')') return refuse('has a ( without its )')
  return inside
}

function atom(c: Cursor): RegexNode {
  const char = next(c)
  if (char === '(') return group(c)
  if (char === '[') return characterClass(c)
  if (char === '.') return { kind: 'set', ranges: lineEnds, negated: true }
  if (char === '^') return { kind: 'start' }
  if (char === '$') return { kind: 'end' }
  if (char === '\\') return { kind: 'set', ranges: escaped(c), negated: false }
  if ('*+?{'.includes(char)) return refuse(`has a ${char} with nothing to repeat`)
  if (']}'.includes(char)) return refuse(`has a ${char} without its opening bracket (write \\${char})`)
  return { kind: 'set', ranges: [literal(char)], negated: false }
}

type Count = { readonly min: number; readonly max: number | undefined }
const simpleCounts: Readonly<Record<string, Count>> = {
  '*': { min: 0, max: undefined },
  '+': { min: 1, max: undefined },
  '?': { min: 0, max: 1 },
}

function count(c: Cursor): Count | undefined {
  const simple = simpleCounts[peek(c)]
  if (simple !== undefined) c.at++
  if (simple !== undefined || peek(c) !== '{') return simple
  const found = /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(c.source.slice(c.at))
  if (found === null) return refuse('has a { that is no {m,n} (write \\{)')
  c.at += found[0].length
  const min = Number(found[1])
  const max = found[2] === undefined ? min : found[3] === undefined ? undefined : Number(found[3])
  return max !== undefined && max < min ? refuse('has a {m,n} that counts backwards') : { min, max }
}

function repeated(c: Cursor): RegexNode {
  const node = atom(c)
  const times = count(c)
  if (times === undefined) return node
  if (node.kind === 'start' || node.kind === 'end') return refuse('repeats an anchor')
  // A lazy count matches the same texts; only what it captures differs, and nothing is captured here.
  if (peek(c) === '?') c.at++
  if ('*+?{'.includes(peek(c)) && peek(c) !== '') return refuse('repeats a repetition (put it in a group)')
  return { kind: 'repeat', node, ...times }
}

function sequence(c: Cursor): RegexNode {
  const nodes: RegexNode[] = []
  while (c.at < c.source.length && peek(c) !== '|' && peek(c) !== ')') nodes.push(repeated(c))
  return { kind: 'sequence', nodes }
}

function either(c: Cursor): RegexNode {
  const nodes = [sequence(c)]
  while (peek(c) === '|') {
    c.at++
    nodes.push(sequence(c))
  }
  return nodes.length === 1 ? nodes[0]! : { kind: 'either', nodes }
}

/** Reads the whole text, or says in words (that follow "the pattern") what is wrong with it. */
export function parseRegex(source: string): ParsedRegex {
  if (source.length > maxRegexLength) return { ok: false, message: `is longer than ${maxRegexLength} characters` }
  const cursor: Cursor = { source, at: 0 }
  try {
    const node = either(cursor)
    return cursor.at < source.length ? { ok: false, message: 'has a ) without its (' } : { ok: true, node }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return { ok: false, message: error.message }
  }
}
