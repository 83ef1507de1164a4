/**
 * Aho-Corasick (Aho and Corasick, CACM 1975) as one dense table over byte classes: one load a byte, whatever the number of
 * words. It promises every end of every word, overlapping ones too. Case and digits are folded away where asked for, so a
 * caller that cares compares the bytes. It never keeps a position: the state, one number, is the caller's.
 */

export type WordOptions = {
  /** A-Z are as a-z. */
  readonly ignoreCase: boolean
  /** 0-9 are one class: the word `00` is any two digits. */
  readonly anyDigit: boolean
}

export type Automaton = {
  /** The class of each byte. */
  readonly classes: Uint8Array
  /** `next[state + class]` is the next state; states are numbered in steps of `stride`, the first is 0. */
  readonly next: Uint16Array | Uint32Array
  readonly stride: number
  /** A state from here on ends words: `endings[(state - firstHot) / stride]`. */
  readonly firstHot: number
  /** Indices of the words that end in a state, the longest first. */
  readonly endings: readonly (readonly number[])[]
}

/** @param words latin1 strings, none of them empty */
export function ahoCorasick(words: readonly string[], options: WordOptions): Automaton {
  const { classes, stride } = classesOf(words, options)
  const trie = trieOf(words, classes, stride)
  link(trie, stride)
  return numbered(trie, classes, stride)
}

function folded(byte: number, { ignoreCase, anyDigit }: WordOptions): number {
  if (ignoreCase && byte >= 0x41 && byte <= 0x5a) return byte + 32
  return anyDigit && byte >= 0x30 && byte <= 0x39 ? 0x30 : byte
}

/** Class 0 is every byte that no word has. */
function classesOf(words: readonly string[], options: WordOptions): { classes: Uint8Array; stride: number } {
  const used = new Map<number, number>()
  for (const word of words) {
    for (let i = 0; i < word.length; i++) {
      const byte = folded(word.charCodeAt(i) & 255, options)
      if (!used.has(byte)) used.set(byte, used.size + 1)
    }
  }
  if (used.size === 256) throw new RangeError('the words have every byte there is')
  const classes = Uint8Array.from({ length: 256 }, (_, byte) => used.get(folded(byte, options)) ?? 0)
  return { classes, stride: used.size + 1 }
}

type Trie = {
  /** -1: no such child. After `link` a whole automaton. With room for more states than there are. */
  readonly next: Int32Array
  readonly endings: number[][]
  /** Parents before their children. */
  readonly order: number[]
}

function trieOf(words: readonly string[], classes: Uint8Array, stride: number): Trie {
  const most = words.reduce((sum, { length }) => sum + length, 1)
  const next = new Int32Array(most * stride).fill(-1)
  const endings: number[][] = [[]]
  words.forEach((word, index) => {
    let state = 0
    for (let i = 0; i < word.length; i++) {
      const slot = state * stride + classes[word.charCodeAt(i) & 255]!
      if (next[slot] === -1) {
        next[slot] = endings.length
        endings.push([])
      }
      state = next[slot]!
    }
    endings[state]!.push(index)
  })
  return { next, endings, order: [] }
}

/** Breadth first: where a state has no child it goes where its longest proper suffix goes. */
function link({ next, endings, order }: Trie, stride: number): void {
  const suffix = new Uint32Array(endings.length)
  order.push(0)
  for (let i = 0; i < order.length; i++) {
    const state = order[i]!
    for (let c = 0; c < stride; c++) {
      const slot = state * stride + c
      const elsewhere = state === 0 ? 0 : next[suffix[state]! * stride + c]!
      const child = next[slot]!
      if (child === -1) next[slot] = elsewhere
      else {
        suffix[child] = elsewhere
        endings[child]!.push(...endings[elsewhere]!)
        order.push(child)
      }
    }
  }
}

/** States that end words come last, so that the inner loop has one comparison. */
function numbered({ next, endings, order }: Trie, classes: Uint8Array, stride: number): Automaton {
  const cold = order.filter((state) => endings[state]!.length === 0)
  const hot = order.filter((state) => endings[state]!.length > 0)
  const places = new Uint32Array(order.length)
  ;[...cold, ...hot].forEach((state, place) => {
    places[state] = place * stride
  })
  const size = order.length * stride
  const table = size <= 0xffff ? new Uint16Array(size) : new Uint32Array(size)
  for (const state of order) {
    for (let c = 0; c < stride; c++) table[places[state]! + c] = places[next[state * stride + c]!]!
  }
  return { classes, next: table, stride, firstHot: cold.length * stride, endings: hot.map((state) => endings[state]!) }
}

/**
 * Where an automaton in its first state may be left alone: 0 at `first << 8 | second` says that none of the words begins with
 * these two bytes, so that a pass goes on to the next byte without a step. It costs a load that waits for no other. Words that
 * are told apart by case here begin only so; what the automaton finds from there on is up to its own options.
 */
export function beginnings(words: readonly (WordOptions & { readonly word: string })[]): Uint8Array {
  const pairs = new Uint8Array(1 << 16)
  for (const { word, ...options } of words) {
    const seconds = word.length > 1 ? alike(word.charCodeAt(1), options) : bytes
    for (const first of alike(word.charCodeAt(0), options))
      for (const second of seconds) pairs[(first << 8) | second] = 1
  }
  return pairs
}

const bytes = Array.from({ length: 256 }, (_, byte) => byte)
const alike = (byte: number, options: WordOptions): readonly number[] =>
  bytes.filter((other) => folded(other, options) === folded(byte, options))
