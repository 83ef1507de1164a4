/** A pattern as a tree. Flags are resolved: letters are folded into their sets, anchors say which kind they are. */
import type { ByteSet } from './bytes.ts'

export type Node =
  | { readonly kind: 'empty' }
  /** One byte out of a set (which may be empty: it never matches). */
  | { readonly kind: 'byte'; readonly set: ByteSet }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  /** The first one that leads to a match wins. */
  | { readonly kind: 'either'; readonly options: readonly Node[] }
  | { readonly kind: 'repeat'; readonly of: Node; readonly min: number; readonly max: number; readonly lazy: boolean }
  /** `index` counts from 1 in the order of the opening brackets. */
  | { readonly kind: 'capture'; readonly index: number; readonly of: Node }
  | { readonly kind: 'assertion'; readonly place: Place }

export type Place = 'start' | 'end' | 'lineStart' | 'lineEnd' | 'wordEdge' | 'noWordEdge'

/** Whether a group stands in a repetition: JavaScript forgets it at each turn, PCRE and RE2 keep the last that took part. */
export function repeatsCapture(node: Node, isRepeated = false): boolean {
  switch (node.kind) {
    case 'capture':
      return isRepeated || repeatsCapture(node.of, isRepeated)
    case 'sequence':
      return node.parts.some((part) => repeatsCapture(part, isRepeated))
    case 'either':
      return node.options.some((option) => repeatsCapture(option, isRepeated))
    case 'repeat':
      return repeatsCapture(node.of, isRepeated || node.max > 1)
    default:
      return false
  }
}
