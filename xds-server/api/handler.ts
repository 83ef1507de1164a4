/** What a handler gets and gives: the contract's words, already judged. */
import type { z } from 'zod'
import type { Backend } from './backend.ts'
import type { Route } from './contract/route.ts'
import type { Base } from './etag.ts'

export type Call<R extends Route> = {
  readonly params: z.output<R['params']>
  readonly query: z.output<R['query']>
  readonly body: z.output<R['body']>
  /** The revisions the caller's write is based on; only asked by routes that write. */
  readonly base: Base
  /** `cli:<user>`; stands in the history. */
  readonly author: string
  readonly backend: Backend
}

/** Answers at once: reads and writes are the store's, so nothing can come between a read and its write. */
export type Handler<R extends Route> = (call: Call<R>) => z.input<R['answer']>

/** What a route of news tells. Only the waiting between two looks takes time, and mount.ts does that. */
export type News<R extends Route> = {
  /** As it is now; the ETag without quotes. */
  readonly now: (backend: Backend) => { readonly etag: string; readonly value: z.input<R['answer']> }
  /** Calls the listener when it may have changed; answers how to leave. */
  readonly watch: (backend: Backend, listener: () => void) => () => void
}

export type HandlersOf<T extends Readonly<Record<string, Route>>> = {
  readonly [N in keyof T]: T[N] extends { readonly news: true } ? News<T[N]> : Handler<T[N]>
}
