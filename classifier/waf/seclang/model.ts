/**
 * The rule program: what SecLang text becomes. Immutable once linked; the engine only reads it.
 * Promises: whatever could be refused (variables, operators, patterns, markers) has been; no text is parsed per request.
 * Never: a socket, a clock, a request.
 */

import type { Operator } from '../operators/operator.ts'
import type { Regex } from '../rx/regex.ts'
import type { Template } from './template.ts'

/** Where a directive stands and what is wrong with it. */
export type Problem = { readonly file: string; readonly line: number; readonly message: string }

export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly skipped: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] }

export type Selector =
  | { readonly kind: 'all' }
  /** Lower case: ModSecurity compares keys without case. */
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'pattern'; readonly source: string; readonly regex: Regex }

export type Variable = { readonly collection: string; readonly selector: Selector }
export type Target = Variable & { readonly count: boolean }

/** The variables of a rule; equal ones are one object, so that what they select is looked up once per request. */
export type TargetSet = {
  readonly index: number
  readonly targets: readonly Target[]
  readonly exclusions: readonly Variable[]
  /** It names something that rules change while they run (TX, MATCHED_VAR, …). */
  readonly volatile: boolean
}

/** A place in the trie of transformations: `name` applied to what `parent` gives. The root (0) is the value itself. */
export type TransformationNode = {
  readonly index: number
  readonly parent: TransformationNode | undefined
  readonly depth: number
  readonly apply: (value: string) => string
  /** A pattern (its source) that every value has which `apply` changes. Undefined: any value may be changed. */
  readonly changes: string | undefined
}

export type SetVariable = {
  readonly collection: string
  readonly key: Template
  readonly change: 'set' | 'add' | 'subtract' | 'remove'
  readonly value: Template
}

export type Engine = 'On' | 'Off' | 'DetectionOnly'

/** What a rule changes for the rest of the transaction. Rules are named by their `index`: found once, at link time. */
export type Control =
  | { readonly kind: 'engine'; readonly engine: Engine }
  | { readonly kind: 'bodyProcessor'; readonly processor: string }
  | { readonly kind: 'forceBodyVariable'; readonly on: boolean }
  | { readonly kind: 'requestBodyAccess'; readonly on: boolean }
  | { readonly kind: 'responseBodyAccess'; readonly on: boolean }
  | { readonly kind: 'removeRules'; readonly rules: readonly number[] }
  | { readonly kind: 'removeTarget'; readonly rules: readonly number[]; readonly variable: Variable }
  /** Changes only logging that we do not have (auditEngine, auditLogParts, debugLogLevel). */
  | { readonly kind: 'nothing' }

export type Link = {
  readonly targets: TargetSet
  readonly operator: Operator
  /** It asks of the value alone: its argument has no macro. */
  readonly pure: boolean
  readonly negated: boolean
  readonly transformation: TransformationNode
  readonly multiMatch: boolean
  readonly capture: boolean
  readonly setVariables: readonly SetVariable[]
  readonly controls: readonly Control[]
}

export type Disruption = 'pass' | 'deny' | 'drop' | 'allow' | 'allowPhase' | 'allowRequest'

/** A chain: all links must match, from the first to the last. */
export type Rule = {
  /** Place in `RuleSet.rules`. */
  readonly index: number
  /** 0 for a SecAction or SecRule without one. */
  readonly id: number
  readonly phase: Phase
  readonly file: string
  readonly line: number
  readonly links: readonly [Link, ...Link[]]
  readonly message: Template
  readonly data: Template
  readonly severity: string
  readonly tags: readonly string[]
  readonly log: boolean
  readonly disruption: Disruption
  /** HTTP status of a denial. */
  readonly status: number
  /** The place in the phase's list where the run goes on after a match; past its end: the phase is over. */
  readonly next: number
}

/** 1 request headers, 2 request body, 3 response headers, 4 response body, 5 logging. */
export type Phase = 1 | 2 | 3 | 4 | 5

export type Configuration = {
  readonly engine: Engine
  readonly requestBodyAccess: boolean
  readonly responseBodyAccess: boolean
  readonly responseMimeTypes: readonly string[]
  /** Between arguments in a query and in an urlencoded body. */
  readonly argumentSeparator: string
}

export type RuleSet = {
  readonly rules: readonly Rule[]
  readonly phases: Readonly<Record<Phase, readonly Rule[]>>
  readonly configuration: Configuration
  readonly targetSets: readonly TargetSet[]
  readonly transformations: readonly TransformationNode[]
}
