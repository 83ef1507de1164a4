/**
 * A piece of a pattern that is in every match of it and is over soon. An automaton for many patterns has a state for each
 * combination of those that are under way: loops that read nearly anything (`.*`, `[^"]*`) keep a pattern under way for
 * good, and attackers' text, which begins many, would lead to ever new states. So it looks for pieces without such loops.
 */
import type { Node } from './ast.ts'
import { type ByteSet, noBytes, sizeOf } from './bytes.ts'

/** `isWhole`: it is the pattern itself. */
export type Excerpt = { readonly tree: Node; readonly isWhole: boolean }

/** A loop that reads one of so many bytes ends soon: white space, digits, quotes and the like. */
const maxLoopBytes = 40
/** As does any repetition of so few turns. */
const maxTurns = 4

const nothing: Excerpt = { tree: { kind: 'empty' }, isWhole: false }

export function excerptOf(tree: Node): Excerpt {
  switch (tree.kind) {
    case 'capture':
      return excerptOf(tree.of)
    case 'either': {
      const options = tree.options.map(excerptOf)
      if (options.every(({ isWhole }) => isWhole)) return { tree, isWhole: true }
      return { tree: { kind: 'either', options: options.map((option) => option.tree) }, isWhole: false }
    }
    case 'repeat':
      return ofRepeat(tree)
    case 'sequence':
      return ofSequence(tree.parts)
    default:
      return { tree, isWhole: true }
  }
}

function ofRepeat(tree: Extract<Node, { kind: 'repeat' }>): Excerpt {
  const inner = excerptOf(tree.of)
  const ends = tree.max <= maxTurns || sizeOf(bytesIn(tree.of)) <= maxLoopBytes
  if (inner.isWhole && ends) return { tree, isWhole: true }
  return tree.min > 0 ? { tree: inner.tree, isWhole: false } : nothing
}

/** Of the runs between loops that do not end, the one that says most. */
function ofSequence(parts: readonly Node[]): Excerpt {
  const runs: Node[][] = [[]]
  let isWhole = true
  for (const part of parts) {
    const excerpt = excerptOf(part)
    if (excerpt.isWhole) {
      runs.at(-1)!.push(part)
      continue
    }
    isWhole = false
    runs.push([excerpt.tree], [])
  }
  const trees = runs.map((run): Node => ({ kind: 'sequence', parts: run }))
  const best = trees.reduce((a, b) => (rarityOf(b) > rarityOf(a) ? b : a))
  return { tree: best, isWhole }
}

function bytesIn(node: Node): ByteSet {
  switch (node.kind) {
    case 'byte':
      return node.set
    case 'capture':
    case 'repeat':
      return bytesIn(node.of)
    case 'sequence':
      return node.parts.reduce((all, part) => all | bytesIn(part), noBytes)
    case 'either':
      return node.options.reduce((all, option) => all | bytesIn(option), noBytes)
    default:
      return noBytes
  }
}

/** How many bits of a text a match decides at least. */
function rarityOf(node: Node): number {
  switch (node.kind) {
    case 'byte':
      return 8 - Math.log2(Math.max(1, sizeOf(node.set)))
    case 'capture':
      return rarityOf(node.of)
    case 'repeat':
      return node.min * rarityOf(node.of)
    case 'sequence':
      return node.parts.reduce((sum, part) => sum + rarityOf(part), 0)
    case 'either':
      return Math.min(...node.options.map(rarityOf))
    default:
      return 0
  }
}
