/** What an operator is: a question about one value, made once per rule from the text after its name. */
import type { Node } from '../rx/ast.ts'
import type { Requirement } from '../rx/requirement.ts'
import type { Lookup } from '../seclang/template.ts'

/** `matched` is the part that answers yes; `captures` become TX.0 to TX.9 (else TX.0 is `matched`). */
export type Match = { readonly matched: string; readonly captures?: readonly (string | undefined)[] }

/** The transaction as an operator sees it: the values of macros. */
export type OperatorTransaction = { readonly expand: Lookup }

export type Operator = {
  (value: string, tx: OperatorTransaction): Match | undefined
  /** What a value must have to match, where that is known: who looks at many values can leave out those without it. */
  readonly requires?: Requirement
  /** It matches where this pattern matches somewhere, for operators that can be told like that. */
  readonly pattern?: Node
}

/** `file` is the rule's: data files are found beside it. */
export type OperatorContext = { readonly file: string }

/** Why a rule can not have this operator or this argument. */
export type OperatorProblem = { readonly message: string }

export type OperatorFactory = (argument: string, context: OperatorContext) => Operator | OperatorProblem
