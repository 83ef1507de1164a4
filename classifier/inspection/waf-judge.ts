/** One request, and its response, judged by one WAF sensor. */
import { isUpload } from '../../xds-server/policy/inspection-plan.ts'
import { parseMultipart } from '../waf/body/multipart.ts'
import type { CompiledWaf, WafMember } from './compiled.ts'
import { maxDataCharacters } from './limits.ts'
import { bufferOf, engineRequest, engineResponse, headerOf, subjectsOf } from './message.ts'
import type { BodyPrefix, Finding, RequestHead, ResponseHead } from './model.ts'
import { nothingFound, type Result } from './result.ts'
import type { RuleSetResult, RuleSetRun } from './rule-set.ts'
import { shown } from './text.ts'
import { whereHolds } from './waf-rules.ts'

const none: Uint8Array = new Uint8Array(0)

export class WafJudge {
  readonly #sensor: CompiledWaf
  readonly #denies: boolean
  #run: RuleSetRun | undefined

  constructor({ sensor, denies }: WafMember) {
    this.#sensor = sensor
    this.#denies = denies
  }

  request(head: RequestHead, body: BodyPrefix): Result {
    const { readsBody, ruleSet, rules, body: limit } = this.#sensor
    const looked = readsBody ? this.#within(head, body) : { bytes: none, isCut: false }
    const isStrict = this.#denies && limit.pastLimit === 'deny'
    if (looked.isCut && isStrict) return this.#tooLong()
    this.#run = ruleSet?.begin(engineRequest(head, looked.bytes), looked.isCut)
    const judged = this.#run ? this.#resultOf(this.#run.request) : nothingFound
    const own = rules.length > 0 ? this.#rules(head, looked.bytes) : nothingFound
    const result = this.#together(judged, own, looked.isCut ? looked.bytes.length : undefined)
    // A compressed body that is larger than it looks, a coding that nobody knows …
    return isStrict && result.partial !== undefined ? this.#refused(result, result.partial) : result
  }

  /** Custom rules look at requests only. @param isCut the body goes on, and its rest will not be looked at */
  response(head: ResponseHead, bytes: Uint8Array, isCut: boolean): Result {
    const { judgesResponses, body: limit } = this.#sensor
    if (!judgesResponses || !this.#run) return nothingFound
    const isPast = bytes.length > limit.inspectBytes || (isCut && bytes.length === limit.inspectBytes)
    if (isPast && this.#denies && limit.pastLimit === 'deny') return this.#tooLong()
    const looked = bytes.subarray(0, limit.inspectBytes)
    const judged = this.#resultOf(this.#run.respond(engineResponse(head, looked), isPast || isCut))
    return this.#together(judged, nothingFound, isPast || isCut ? looked.length : undefined)
  }

  /** The limit does not count what is in uploaded files; how much that is can be told of a whole body only. */
  #within(head: RequestHead, { bytes, end }: BodyPrefix): { readonly bytes: Uint8Array; readonly isCut: boolean } {
    const { inspectBytes } = this.#sensor.body
    if (end && (bytes.length <= inspectBytes || bytes.length - fileBytes(head, bytes) <= inspectBytes))
      return { bytes, isCut: false }
    return { bytes: bytes.subarray(0, inspectBytes), isCut: true }
  }

  #tooLong(): Result {
    return this.#refused(nothingFound, `the body has more than ${this.#sensor.body.inspectBytes} bytes`)
  }

  /** Unless it is anyway: what can not be looked at as a whole is not to pass. */
  #refused(result: Result, reason: string): Result {
    if (result.refusal !== undefined) return result
    const finding: Finding = { ...this.#finding('body-limit', reason, 'body'), severity: 'warning' }
    return { ...result, refusal: 413, findings: [...result.findings, finding], found: result.found + 1 }
  }

  #rules(head: RequestHead, bytes: Uint8Array): Result {
    const { subjects, partial } = subjectsOf(head, bytes)
    const findings = this.#sensor.rules.flatMap((rule) => {
      const place = whereHolds(rule, subjects)
      return place ? [this.#finding(rule.name, shown(place.text, maxDataCharacters), place.context)] : []
    })
    return {
      ...nothingFound,
      refusal: this.#refusal(findings.length > 0 ? 403 : undefined),
      findings,
      found: findings.length,
      partial,
    }
  }

  #finding(rule: string, message: string, where: string): Finding {
    return { kind: 'waf', sensor: this.#sensor.name, rule, severity: 'critical', message, where }
  }

  #resultOf({ refusal, findings, found, score, partial }: RuleSetResult): Result {
    const own = findings.map((finding) => ({ ...finding, sensor: this.#sensor.name }))
    return { refusal: this.#refusal(refusal), findings: own, found, score, partial }
  }

  #refusal(status: number | undefined): number | undefined {
    return this.#denies ? status : undefined
  }

  /** @param looked where it was not all: the bytes that were looked at */
  #together(a: Result, b: Result, looked: number | undefined): Result {
    const cut = looked === undefined ? undefined : `only ${looked} bytes of the body were looked at`
    return {
      refusal: a.refusal ?? b.refusal,
      findings: [...a.findings, ...b.findings],
      found: a.found + b.found,
      score: a.score,
      partial: cut ?? a.partial ?? b.partial,
    }
  }
}

function fileBytes({ headers }: RequestHead, bytes: Uint8Array): number {
  const type = headerOf(headers, 'content-type')
  if (!isUpload(type)) return 0
  return parseMultipart(bufferOf(bytes).toString('latin1'), type).files.reduce((sum, { size }) => sum + size, 0)
}
