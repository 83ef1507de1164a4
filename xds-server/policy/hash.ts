/** Short names for longer ones. Not for secrets: anyone can make two texts that meet. */

/** FNV-1a, 64 bits, over UTF-16 code units (http://www.isthe.com/chongo/tech/comp/fnv/). */
function fnv1a64(text: string): bigint {
  let hash = 0xcbf29ce484222325n
  for (let i = 0; i < text.length; i++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n)
  }
  return hash
}

/** Ten characters `0-9a-z` (51 bits): one chance in 10^8 that any two of 5,000 texts meet. */
export function shortHash(text: string): string {
  return fnv1a64(text).toString(36).padStart(13, '0').slice(-10)
}
