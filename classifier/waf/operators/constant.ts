import type { OperatorFactory } from './operator.ts'

export const noMatch: OperatorFactory = () => () => undefined
export const unconditionalMatch: OperatorFactory = () => (value) => ({ matched: value })
