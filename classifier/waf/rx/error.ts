/** A pattern we refuse: why, and where in it (characters from its start). */
export class RegexError extends Error {
  readonly reason: string
  readonly position: number

  constructor(reason: string, position: number) {
    super(`${reason} (at character ${position + 1} of the pattern)`)
    this.reason = reason
    this.position = position
  }
}
