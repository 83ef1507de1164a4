/**
 * The Huffman code of HPACK (RFC 7541 appendix B). It is canonical: the lengths of the codes say all of it.
 * Decodes a nibble at a time through a table of states, so that nothing depends on what the bits look like.
 */

/** Bits of each symbol's code, 0 to 255, then the end of string. */
const lengths: readonly number[] = [
  ...[13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28],
  ...[28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15],
  ...[6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
  ...[15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22],
  ...[20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23],
  ...[23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22],
  ...[22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26],
  ...[27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27],
  ...[26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30],
]
const endOfString = 256
const longest = 30

/** Inner nodes of the code's tree: `[zero, one]`, a child `>= 0` is a node, `~symbol` a leaf. */
function tree(): readonly (readonly [number, number])[] {
  const nodes: [number, number][] = [[-1, -1]]
  const unset = -1 // ~0 is symbol 0, whose code is not one bit long: never met where `unset` is looked for
  let code = 0
  const place = (symbol: number, bits: number) => {
    let at = 0
    for (let bit = bits - 1; bit > 0; bit--) {
      const side = (code >>> bit) & 1
      if (nodes[at]![side] === unset) nodes[at]![side] = nodes.push([unset, unset]) - 1
      at = nodes[at]![side]!
    }
    nodes[at]![code & 1] = ~symbol
  }
  for (let bits = 1; bits <= longest; bits++) {
    code <<= 1
    for (let symbol = 0; symbol <= endOfString; symbol++) {
      if (lengths[symbol] !== bits) continue
      place(symbol, bits)
      code++
    }
  }
  return nodes
}

const nodes = tree()

/** What four bits do at a node: where they lead, the symbol they complete (at most one: codes have 5 bits or more). */
const nowhere = 0xffff
const nextOf = new Uint16Array(nodes.length * 16)
const symbolOf = new Int16Array(nodes.length * 16).fill(-1)
/** Nodes at which a text may end: at the root, or after up to seven ones, which are padding (5.2). */
const mayEnd = new Uint8Array(nodes.length)

function fill(): void {
  for (let at = 0, ones = 0; ones < 8; ones++) {
    mayEnd[at] = 1
    at = nodes[at]![1]
  }
  for (let from = 0; from < nodes.length; from++) {
    for (let nibble = 0; nibble < 16; nibble++) walk(from, nibble)
  }
}

function walk(from: number, nibble: number): void {
  const entry = from * 16 + nibble
  let at = from
  for (let bit = 3; bit >= 0; bit--) {
    const child = nodes[at]![((nibble >>> bit) & 1) as 0 | 1]
    if (child === ~endOfString) {
      nextOf[entry] = nowhere
      return
    }
    if (child < 0) symbolOf[entry] = ~child
    at = Math.max(child, 0)
  }
  nextOf[entry] = at
}

fill()

/** Text of bytes (latin1), or undefined where it is no such code. One byte of code gives at most 8/5 characters. */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string | undefined {
  const text = Buffer.allocUnsafe(Math.ceil(((end - start) * 8) / 5))
  let length = 0
  let at = 0
  for (let i = start * 2; i < end * 2; i++) {
    const byte = bytes[i >>> 1]!
    const entry = at * 16 + ((i & 1) === 0 ? byte >>> 4 : byte & 15)
    const symbol = symbolOf[entry]!
    if (symbol >= 0) text[length++] = symbol
    at = nextOf[entry]!
    if (at === nowhere) return undefined
  }
  return mayEnd[at] === 1 ? text.toString('latin1', 0, length) : undefined
}
