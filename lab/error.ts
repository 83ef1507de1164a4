/** Every failure the lab reports; other errors are bugs. */
export type LabErrorCode =
  /** Not root, or no network namespaces here. */
  | 'not-root'
  /** A program the lab needs is missing; the message lists them. */
  | 'tool-missing'
  /** Another lab command is changing this lab right now. */
  | 'busy'
  /** There is a lab already, and it is not a leftover. */
  | 'already-up'
  | 'not-up'
  /** Something is in the way that this lab did not make; it is left alone. */
  | 'foreign'
  | 'unknown-pod'
  | 'bad-argument'
  /** A command failed, or a process ended or did not get ready in time; the message has the end of its log. */
  | 'failed'

export class LabError extends Error {
  override readonly name = 'LabError'
  readonly code: LabErrorCode

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
