/** Everything that changes while one request (and its response) is judged. */
import { decompress } from '../body/decompress.ts'
import { type Body, emptyBody } from '../body/model.ts'
import { parseBody, standardProcessor } from '../body/parse.ts'
import { maxCaptures, maxMultipartBytes, maxResponseBytes } from '../limits.ts'
import type { Match } from '../operators/operator.ts'
import type { Engine, RuleSet, Variable } from '../seclang/model.ts'
import { type Bounded, boundedArguments, boundedHeaders, boundedRequest, boundedText } from './bounds.ts'
import type { Header, HttpRequest, HttpResponse, RuleMatch } from './model.ts'
import type { Value } from './value.ts'

/** A variable that rules write: names without case, the last spelling is shown. */
export type Store = Map<string, { readonly key: string; readonly text: string }>

export class Transaction {
  readonly request: HttpRequest
  readonly ruleSet: RuleSet
  response: HttpResponse | undefined
  engine: Engine
  bodyProcessor: string
  forceBodyVariable = false
  requestBodyAccess: boolean
  responseBodyAccess: boolean
  body: Body = emptyBody
  /** Decoded; empty before phase 2. */
  requestBody = ''
  responseBody = ''
  partial: string | undefined

  readonly #tx: Store = new Map()
  /** What TX.0 to TX.9 are once somebody asks: groups cost much, and most are never looked at. */
  #captured: Match | undefined
  /** IP, GLOBAL, SESSION …: they live as long as the transaction. CRS writes none of them. */
  readonly persistent = new Map<string, Store>()
  readonly matches: RuleMatch[] = []
  matched: { readonly name: string; readonly text: string } = { name: '', text: '' }
  /** Of the chain that runs. */
  chainMatches: Value[] = []
  readonly removedRules = new Set<number>()
  readonly removedTargets = new Map<number, Variable[]>()

  /** Values of collections and of target sets that do not change before the next body arrives. */
  readonly collections = new Map<string, readonly Value[]>()
  selected: (readonly Value[] | undefined)[] = []
  /** Counts how often they were forgotten. */
  generation = 0

  readonly #mostBytes: number
  /** Whether something of the body is not looked at. */
  requestCut = false
  responseCut = false

  /** @param mostBytes of the request's body that are looked at */
  constructor(request: HttpRequest, ruleSet: RuleSet, mostBytes: number) {
    const { kept, cut } = boundedRequest(request)
    this.request = kept
    this.partial = cut
    this.ruleSet = ruleSet
    this.#mostBytes = mostBytes
    const { engine, requestBodyAccess, responseBodyAccess } = ruleSet.configuration
    this.engine = engine
    this.requestBodyAccess = requestBodyAccess
    this.responseBodyAccess = responseBodyAccess
    this.bodyProcessor = standardProcessor(headerOf(kept.headers, 'content-type') ?? '')
  }

  readRequestBody(): void {
    const { body, headers } = this.request
    this.forget()
    if (!this.requestBodyAccess || body === '') return
    const isMultipart = this.bodyProcessor === 'MULTIPART'
    const whole = this.#decoded(body, headers)
    this.requestBody = this.#requestPart(
      boundedText(whole, isMultipart ? maxMultipartBytes : this.#mostBytes, 'the request body'),
    )
    const contentType = headerOf(headers, 'content-type') ?? ''
    const separator = this.ruleSet.configuration.argumentSeparator
    const read = parseBody(this.bodyProcessor, { body: this.requestBody, contentType, separator })
    const kept = this.#requestPart(boundedArguments(read.arguments, this.#mostBytes))
    this.body = { ...read, arguments: kept }
    this.partial ??= read.error
  }

  #requestPart<T>({ kept, cut }: Bounded<T>): T {
    this.partial ??= cut
    this.requestCut ||= cut !== undefined
    return kept
  }

  readResponse(response: HttpResponse): void {
    const { kept, cut } = boundedHeaders(response.headers)
    this.partial ??= cut
    this.response = { ...response, headers: kept }
    this.forget()
  }

  readResponseBody(response: HttpResponse): void {
    this.forget()
    const type = (headerOf(response.headers, 'content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase()
    const wanted = this.responseBodyAccess && this.ruleSet.configuration.responseMimeTypes.includes(type)
    if (!wanted) return
    const { kept, cut } = boundedText(
      this.#decoded(response.body, response.headers),
      maxResponseBytes,
      'the response body',
    )
    this.responseBody = kept
    this.partial ??= cut
    this.responseCut = cut !== undefined
  }

  #decoded(body: string, headers: readonly Header[]): string {
    const encoding = headerOf(headers, 'content-encoding')
    if (encoding === undefined || body === '') return body
    const decoded = decompress(body, encoding)
    if (decoded.ok) return decoded.body
    this.partial ??= decoded.problem
    return body
  }

  #settle(match: Match): void {
    this.#captured = undefined
    const captures = match.captures ?? [match.matched]
    for (let at = 0; at < maxCaptures; at += 1) {
      const text = captures[at]
      if (text === undefined) this.#tx.delete(String(at))
      else this.#tx.set(String(at), { key: String(at), text })
    }
  }

  /** What was selected before something arrived or was excluded is selected anew. */
  forget(): void {
    this.collections.clear()
    this.selected = []
    this.generation += 1
  }

  /** TX.0 to TX.9 become what the operator found; those of an earlier match are gone. */
  capture(match: Match): void {
    this.#captured = match
  }

  /** @param key of which alone the store will be asked */
  store(collection: string, key?: string): Store | undefined {
    if (collection === 'TX') {
      if (this.#captured && (key === undefined || key.length === 1)) this.#settle(this.#captured)
      return this.#tx
    }
    if (!persistentCollections.has(collection)) return undefined
    const known = this.persistent.get(collection) ?? new Map()
    this.persistent.set(collection, known)
    return known
  }
}

const persistentCollections: ReadonlySet<string> = new Set(['IP', 'GLOBAL', 'SESSION', 'USER', 'RESOURCE'])

/** The first one of that name (lower case). */
export const headerOf = (headers: readonly Header[], name: string): string | undefined =>
  headers.find(([other]) => other.toLowerCase() === name)?.[1]
