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
