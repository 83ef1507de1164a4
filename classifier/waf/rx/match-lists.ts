/** Patterns that matched, as lists: thousands of states and steps have one of a few. */
export class MatchLists {
  readonly #known = new Map<string, readonly number[]>()

  /** One object for all equal lists, and never the one that is given. */
  shared(matches: readonly number[]): readonly number[] {
    if (matches.length === 0) return none
    const name = matches.join()
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const made = matches.slice()
    this.#known.set(name, made)
    return made
  }

  clear(): void {
    this.#known.clear()
  }
}

const none: readonly number[] = []
