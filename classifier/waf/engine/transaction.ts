/** Everything that changes while one request (and its response) is judged. */
import { decompress } from '../body/decompress.ts'
import { type Body, emptyBody } from '../body/model.ts'
import { parseBody, standardProcessor } from '../body/parse.ts'
import type { Engine, RuleSet, Variable } from '../seclang/model.ts'
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

  readonly tx: Store = new Map()
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

  constructor(request: HttpRequest, ruleSet: RuleSet) {
    this.request = request
    this.ruleSet = ruleSet
    const { engine, requestBodyAccess, responseBodyAccess } = ruleSet.configuration
    this.engine = engine
    this.requestBodyAccess = requestBodyAccess
    this.responseBodyAccess = responseBodyAccess
    this.bodyProcessor = standardProcessor(headerOf(request.headers, 'content-type') ?? '')
  }

  readRequestBody(): void {
    const { body, headers } = this.request
    this.forget()
    if (!this.requestBodyAccess || body === '') return
    this.requestBody = this.#decoded(body, headers)
    const contentType = headerOf(headers, 'content-type') ?? ''
    const separator = this.ruleSet.configuration.argumentSeparator
    this.body = parseBody(this.bodyProcessor, { body: this.requestBody, contentType, separator })
    this.partial ??= this.body.error
  }

  readResponse(response: HttpResponse): void {
    this.response = response
    this.forget()
  }

  readResponseBody(response: HttpResponse): void {
    this.forget()
    const type = (headerOf(response.headers, 'content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase()
    const wanted = this.responseBodyAccess && this.ruleSet.configuration.responseMimeTypes.includes(type)
    if (wanted) this.responseBody = this.#decoded(response.body, response.headers)
  }

  #decoded(body: string, headers: readonly Header[]): string {
    const encoding = headerOf(headers, 'content-encoding')
    if (encoding === undefined || body === '') return body
    const decoded = decompress(body, encoding)
    if (decoded.ok) return decoded.body
    this.partial ??= decoded.problem
    return body
  }

  /** What was selected before something arrived or was excluded is selected anew. */
  forget(): void {
    this.collections.clear()
    this.selected = []
    this.generation += 1
  }

  store(collection: string): Store | undefined {
    if (collection === 'TX') return this.tx
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
