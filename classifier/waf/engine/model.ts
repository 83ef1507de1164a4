/** What goes into the engine and what comes out. Every text is a byte string: one character (0-255) for each byte. */
import type { Phase } from '../seclang/model.ts'

export type Header = readonly [name: string, value: string]

export type HttpRequest = {
  readonly method: string
  /** As in the request line: path and query, or an absolute URI. */
  readonly uri: string
  /** `HTTP/1.1`, `HTTP/2.0`, … */
  readonly protocol: string
  readonly headers: readonly Header[]
  readonly body: string
  /** The request line as received, where it is known; else it is put together. */
  readonly line?: string
  /** Address of the client, without port. */
  readonly remoteAddress?: string
  /** Any unique text; empty where it is missing. */
  readonly uniqueId?: string
}

export type HttpResponse = {
  readonly status: number
  readonly protocol?: string
  readonly headers: readonly Header[]
  readonly body: string
}

/** A rule that matched and wants to be told of. */
export type RuleMatch = {
  readonly id: number
  readonly phase: Phase
  readonly severity: string
  readonly message: string
  readonly data: string
  /** What matched last, such as `ARGS:name`. */
  readonly variable: string
  readonly tags: readonly string[]
}

export type Blocked = { readonly id: number; readonly phase: Phase; readonly status: number }

export type Outcome = {
  /** Rules that matched and log, each once, in the order in which they matched. */
  readonly ids: readonly number[]
  readonly matches: readonly RuleMatch[]
  /** CRS's blocking inbound score, with the outbound one when there was a response. */
  readonly score: number
  /** The rule that ended the transaction. Never in DetectionOnly. */
  readonly blocked: Blocked | undefined
  /** Why a body could not be read completely (a cap, a broken gzip, malformed JSON); what could be was judged. */
  readonly partial: string | undefined
}
