/** Texts seen lately, in bounded memory: two generations, the older one forgotten when the younger is full. */

/** Longer ones are rarely seen twice. */
const maxTextBytes = 256
/** Of a generation: 2 × 1,024 × 256 B at most for each class of values. */
const maxTexts = 1024

export class RecentTexts {
  #young = new Set<string>()
  #old = new Set<string>()

  has(text: string): boolean {
    if (this.#young.has(text)) return true
    if (!this.#old.has(text)) return false
    this.add(text)
    return true
  }

  add(text: string): void {
    if (text.length > maxTextBytes) return
    if (this.#young.size >= maxTexts) {
      this.#old = this.#young
      this.#young = new Set()
    }
    this.#young.add(text)
  }
}
