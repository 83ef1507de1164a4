/** What the pool and its workers say to each other. Everything here is cloned; bodies are moved. */
import type { Problem } from '../../xds-server/policy/model.ts'
import type { InspectionSet } from '../../xds-server/policy/sensor.ts'
import type { RequestHead, ResponseHead, Verdict } from './model.ts'

export type Call =
  | { readonly kind: 'request'; readonly profile: string; readonly keep: boolean; readonly head: RequestHead }
  | { readonly kind: 'response'; readonly head: ResponseHead }
  | { readonly kind: 'more'; readonly flush: boolean }

export type CallBody = { readonly bytes: Uint8Array; readonly end: boolean } | undefined

export type ToWorker =
  | {
      readonly kind: 'call'
      readonly id: number
      readonly exchange: number
      readonly call: Call
      readonly body: CallBody
    }
  | { readonly kind: 'drop'; readonly exchange: number }
  | { readonly kind: 'prepare'; readonly revision: number; readonly set: InspectionSet }

export type FromWorker =
  | { readonly kind: 'verdict'; readonly id: number; readonly verdict: Verdict }
  /** Nothing was found, nothing is to be changed: most verdicts, and short. */
  | { readonly kind: 'clean'; readonly id: number; readonly us: number; readonly score: number }
  | {
      readonly kind: 'prepared'
      readonly revision: number
      readonly profiles: readonly string[]
      readonly problems: readonly Problem[]
    }

/** Shared with each worker: places in an Int32Array. */
export const place = {
  /** Counts messages: the worker sleeps on it. */
  signal: 0,
  /** Id of the call that it works on; 0: none. */
  call: 1,
  /** Kernel's id of its thread; 0: not known. */
  thread: 2,
} as const

export type WorkerSettings = {
  readonly port: import('node:worker_threads').MessagePort
  readonly shared: SharedArrayBuffer
  readonly crsDirectory: string | undefined
  /** For samples: the same in all workers, so that equal values look equal. */
  readonly key: Uint8Array
}

/** A copy of its own, which can be moved: the caller's may be a view of something larger, or wanted again. */
export const ownCopy = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  Uint8Array.prototype.slice.call(bytes) as Uint8Array<ArrayBuffer>

const clean: Omit<Verdict, 'us' | 'score'> = {
  action: 'pass',
  status: 200,
  findings: [],
  found: 0,
  partial: undefined,
  masked: undefined,
  decoded: false,
}

export const cleanVerdict = (us: number, score: number): Verdict => ({ ...clean, us, score })

export const isClean = ({ action, found, partial, masked }: Verdict): boolean =>
  action === 'pass' && found === 0 && partial === undefined && masked === undefined
