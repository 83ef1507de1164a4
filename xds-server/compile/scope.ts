/** What is given while one class is compiled. */
import type { Directory } from '../policy/directory.ts'
import type { Endpoint, Rule } from '../policy/model.ts'
import { maxAddressesPerSidecar } from '../policy/model.ts'
import type { Blocks } from './blocks.ts'
import type { MadeListener } from './listener.ts'
import type { CompileStatus } from './model.ts'
import { chainKey } from './names.ts'
import type { CompileOptions } from './options.ts'
import type { Sensing } from './sensing.ts'

/** Managed workloads that share everything. */
export type WorkloadClass = {
  readonly key: string
  readonly learned: string
  readonly groups: readonly string[]
  /** Any of them stands for all. */
  readonly self: Endpoint
}

export type Scope = WorkloadClass & {
  readonly directory: Directory
  readonly blocks: Blocks
  readonly options: CompileOptions
  readonly sensing: Sensing
  /** Enabled rules about TCP to, and from, this class, in order. */
  readonly inboundRules: readonly Rule[]
  readonly outboundRules: readonly Rule[]
  /** False, and nothing spent: the sidecar would have more addresses than it may. */
  spend(addresses: number): boolean
  report(message: string, rule?: string): void
  cutsOf(listener: string, chain: string): number
  /** `ClassifierOptions.token`; empty where there is no classifier. */
  token(profile: string): string
  /** What listeners of this class were made of the last time, by name. */
  readonly before: ReadonlyMap<string, MadeListener>
  readonly statuses: readonly CompileStatus[]
}

export type Given = Pick<
  Scope,
  'directory' | 'blocks' | 'options' | 'sensing' | 'inboundRules' | 'outboundRules' | 'before'
>

export function scopeOf(workloads: WorkloadClass, given: Given): Scope {
  const statuses: CompileStatus[] = []
  let left = maxAddressesPerSidecar
  return {
    ...workloads,
    ...given,
    statuses,
    spend(addresses) {
      if (addresses > left) return false
      left -= addresses
      return true
    },
    report(message, rule) {
      statuses.push({ class: workloads.key, ...(rule === undefined ? {} : { rule }), message })
    },
    token: given.options.classifier?.token ?? (() => ''),
    cutsOf: (listener, chain) => given.options.cuts.get(chainKey(workloads.learned, listener, chain)) ?? 0,
  }
}
