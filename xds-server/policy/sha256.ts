/**
 * SHA-256 of a text (FIPS 180-4, over its UTF-8 bytes), here because this folder runs in a browser and needs its answer
 * at once. For names that two texts must not share even if somebody tries.
 */

const primes = [...Array(312).keys()].filter((n) => n > 1 && ![...Array(n).keys()].some((d) => d > 1 && n % d === 0))

/** First 32 bits of the fraction of a root, in whole numbers: a float has too few digits. */
function fraction(prime: number, power: 2n | 3n): number {
  const scaled = BigInt(prime) << (power * 32n)
  let root = 0n
  for (let bit = 1n << 36n; bit > 0n; bit >>= 1n) if ((root + bit) ** power <= scaled) root += bit
  return Number(BigInt.asIntN(32, root))
}

const start = Int32Array.from(primes.slice(0, 8), (prime) => fraction(prime, 2n))
const rounds = Int32Array.from(primes.slice(0, 64), (prime) => fraction(prime, 3n))

const turned = (word: number, by: number): number => (word >>> by) | (word << (32 - by))

/** Message, a one bit, zeros, length in bits. */
function padded(text: string): DataView {
  const bytes = new TextEncoder().encode(text)
  const all = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64)
  all.set(bytes)
  all[bytes.length] = 0x80
  const view = new DataView(all.buffer)
  view.setBigUint64(all.length - 8, BigInt(bytes.length) * 8n)
  return view
}

function schedule(words: Int32Array, view: DataView, at: number): void {
  for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + i * 4)
  for (let i = 16; i < 64; i++) {
    const [a, b] = [words[i - 15]!, words[i - 2]!]
    const low = turned(a, 7) ^ turned(a, 18) ^ (a >>> 3)
    const high = turned(b, 17) ^ turned(b, 19) ^ (b >>> 10)
    words[i] = words[i - 16]! + low + words[i - 7]! + high
  }
}

function compress(state: Int32Array, words: Int32Array): void {
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
  for (let i = 0; i < 64; i++) {
    const one = h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + rounds[i]! + words[i]!
    const two = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
    h = g
    g = f
    f = e
    e = (d + one) | 0
    d = c
    c = b
    b = a
    a = (one + two) | 0
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i] = state[i]! + word
}

/** 64 hexadecimal digits. */
export function sha256(text: string): string {
  const [view, state, words] = [padded(text), start.slice(), new Int32Array(64)]
  for (let at = 0; at < view.byteLength; at += 64) {
    schedule(words, view, at)
    compress(state, words)
  }
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}
