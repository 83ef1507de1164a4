/** What was found in texts seen lately, in bounded memory: two generations, the older one forgotten when the younger is full. */

/** Longer ones are rarely seen twice. */
const maxTextBytes = 256
/** Of a generation: 2 × 1,024 × 256 B at most for each class of values. */
const maxTexts = 1024

export class RecentTexts<Found> {
  #young = new Map<string, Found>()
  #old = new Map<string, Found>()

  get(text: string): Found | undefined {
    if (text.length > maxTextBytes) return undefined
    const known = this.#young.get(text)
    if (known !== undefined) return known
    const older = this.#old.get(text)
    if (older !== undefined) this.set(text, older)
    return older
  }

  set(text: string, found: Found): void {
    if (text.length > maxTextBytes) return
    if (this.#young.size >= maxTexts) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(text, found)
  }
}
