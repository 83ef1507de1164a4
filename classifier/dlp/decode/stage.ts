/** A streaming decoder that knows where its bytes came from. */
export type Stage = {
  /** What can be decoded by now; a cut escape waits for its rest. */
  readonly push: (chunk: Buffer) => Buffer
  readonly finish: () => Buffer
  /** Offsets of this stage's output → of its input. */
  readonly start: (out: number) => number
  readonly end: (out: number) => number
  /** Output before this is asked for no more. */
  readonly forget: (out: number) => void
}
