/**
 * One exchange in a worker: its request, its response, and what follows. Pure but for what it keeps between calls: no
 * socket, no thread, no clock but for how long it took.
 */

import type { CompiledProfile } from './compiled.ts'
import { judgeDlp } from './dlp-judge.ts'
import { noBody } from './message.ts'
import type { BodyPrefix, RequestHead, ResponseHead, Verdict } from './model.ts'
import { verdictOf } from './result.ts'
import { WafJudge } from './waf-judge.ts'

const now = (): number => performance.now() * 1000

export class Judging {
  readonly #compiled: CompiledProfile
  readonly #waf: readonly WafJudge[]
  #url = ''

  constructor(compiled: CompiledProfile) {
    this.#compiled = compiled
    this.#waf = compiled.waf.map((member) => new WafJudge(member))
  }

  request(head: RequestHead, body: BodyPrefix = noBody): Verdict {
    const started = now()
    this.#url = head.path
    const waf = this.#waf.map((judge) => judge.request(head, body))
    const { dlp } = this.#compiled
    const held = this.#compiled.plan.requestBytes
    const leak = dlp && judgeDlp(dlp, { url: head.path, headers: head.headers, body, held, isResponse: false })
    return verdictOf(leak ? [...waf, leak.result] : waf, leak?.replacement, Math.round(now() - started))
  }

  response(head: ResponseHead, body: BodyPrefix = noBody): Verdict {
    const started = now()
    const waf = this.#waf.map((judge) => judge.response(head, body.bytes, !body.end))
    const { dlp } = this.#compiled
    const held = this.#compiled.plan.responseBytes
    const leak = dlp && judgeDlp(dlp, { url: this.#url, headers: head.headers, body, held, isResponse: true })
    return verdictOf(leak ? [...waf, leak.result] : waf, leak?.replacement, Math.round(now() - started))
  }

  more(_body: BodyPrefix, _flush: boolean): Verdict {
    return verdictOf([], undefined, 0)
  }

  drop(): void {}
}
