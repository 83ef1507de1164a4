/**
 * A response that is judged while it passes. Where something may be refused or masked, nothing leaves before it has been
 * judged: the last 4 KB wait for what comes, unless an event ends there. Elsewhere it passes as it came.
 */
import type { Inspection } from '../dlp/inspection.ts'
import type { MaskStream } from '../dlp/mask-stream.ts'
import { beginDlp, type DlpJudged, type DlpMembers, type DlpMessage } from './dlp-judge.ts'
import { dlpResult } from './dlp-result.ts'
import { bufferOf, headerOf, isCoded } from './message.ts'

type Last = { readonly end: boolean; readonly flush: boolean }

export class DlpStreaming {
  readonly #dlp: DlpMembers
  readonly #inspection: Inspection
  /** Where nothing is held back: undefined. */
  readonly #mask: MaskStream | undefined
  readonly #decoded: boolean
  #bytes = 0

  constructor(dlp: DlpMembers, message: DlpMessage) {
    this.#dlp = dlp
    this.#inspection = beginDlp(dlp, message)
    const holds = dlp.contexts.has('body') && dlp.members.some(({ denies, readsBody }) => denies && readsBody)
    this.#mask = holds ? this.#inspection.masked() : undefined
    // A coding that is not known is let alone.
    this.#decoded = isCoded(headerOf(message.headers, 'content-encoding')) && this.#mask?.problem === undefined
  }

  /** Findings are those of all that came so far. */
  push(bytes: Uint8Array, last: Last): DlpJudged {
    this.#bytes += bytes.length
    const masked = this.#pass(bufferOf(bytes), last)
    const verdict = last.end ? this.#inspection.finish() : this.#inspection.verdict
    const result = dlpResult(verdict, this.#dlp.members, { bytes: this.#bytes, isCut: false }, true)
    return { result, replacement: masked && { masked, decoded: this.#decoded } }
  }

  drop(): void {
    this.#inspection.drop()
  }

  #pass(bytes: Buffer, { end, flush }: Last): Buffer | undefined {
    if (this.#mask) {
      const passed = this.#mask.push(bytes)
      if (end) return Buffer.concat([passed, this.#mask.finish()])
      return flush ? Buffer.concat([passed, this.#mask.flush()]) : passed
    }
    if (this.#dlp.contexts.has('body')) this.#inspection.push('body', bytes)
    return undefined
  }
}
