/**
 * One exchange in a worker: its request, its response, and what follows. Pure but for what it keeps between calls: no
 * socket, no thread, no clock but for how long it took.
 */
import type { CompiledProfile } from './compiled.ts'
import { judgeDlp } from './dlp-judge.ts'
import { DlpStreaming } from './dlp-stream.ts'
import { noBody } from './message.ts'
import type { BodyPrefix, RequestHead, ResponseHead, Verdict } from './model.ts'
import { nothingFound, type Result, verdictOf } from './result.ts'
import { WafJudge } from './waf-judge.ts'

const now = (): number => performance.now() * 1000

export class Judging {
  readonly #compiled: CompiledProfile
  readonly #waf: readonly WafJudge[]
  #url = ''
  #stream: DlpStreaming | undefined
  /** What rule sets said of the beginning of a response that streams. */
  #begun: readonly Result[] = []

  constructor(compiled: CompiledProfile) {
    this.#compiled = compiled
    this.#waf = compiled.waf.map((member) => new WafJudge(member))
  }

  request(head: RequestHead, body: BodyPrefix = noBody): Verdict {
    const started = now()
    this.#url = head.path
    const waf = this.#waf.map((judge) => judge.request(head, body))
    const { dlp, plan } = this.#compiled
    const message = { url: head.path, headers: head.headers, held: plan.requestBytes, isResponse: false }
    const leak = dlp && judgeDlp(dlp, message, body)
    return verdictOf(leak ? [...waf, leak.result] : waf, leak?.replacement, Math.round(now() - started))
  }

  response(head: ResponseHead, body: BodyPrefix = noBody): Verdict {
    const started = now()
    const { dlp, plan } = this.#compiled
    const waf = this.#waf.map((judge) => judge.response(head, body.bytes, !body.end))
    const message = { url: this.#url, headers: head.headers, held: plan.responseBytes, isResponse: true }
    const isCut = !body.end && body.bytes.length >= plan.responseBytes
    if (!body.end) this.#begun = waf
    if (dlp && !body.end && !(isCut && plan.responsePastLimit === 'deny')) this.#stream = new DlpStreaming(dlp, message)
    const leak = this.#stream
      ? this.#stream.push(body.bytes, { end: false, flush: false })
      : dlp && judgeDlp(dlp, message, body)
    return verdictOf(leak ? [...waf, leak.result] : waf, leak?.replacement, Math.round(now() - started))
  }

  /** Rule sets have seen the beginning only. */
  more(bytes: Uint8Array, last: { readonly end: boolean; readonly flush: boolean }): Verdict {
    const started = now()
    const leak = this.#stream?.push(bytes, last)
    const results = [...this.#begun, leak?.result ?? nothingFound]
    return verdictOf(results, leak?.replacement, Math.round(now() - started))
  }

  drop(): void {
    this.#stream?.drop()
  }
}
