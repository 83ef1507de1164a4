/** Nodes of single bytes. Word lists have a hundred thousand of them: each is one object, shared by all patterns. */
import type { Node } from './ast.ts'
import { byte, folded } from './bytes.ts'

const exact: readonly Node[] = Array.from({ length: 256 }, (_, code) => ({ kind: 'byte', set: byte(code) }))
const anyCase: readonly Node[] = Array.from({ length: 256 }, (_, code) => ({ kind: 'byte', set: folded(byte(code)) }))

/** @param code of a byte, 0 to 255 */
export const letter = (code: number, ignoreCase: boolean): Node => (ignoreCase ? anyCase : exact)[code]!
