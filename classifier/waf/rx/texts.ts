/** A list of texts as a pattern. */
import type { Node } from './ast.ts'
import { letter } from './letter.ts'

type Branch = { readonly next: Map<number, Branch>; isEnd: boolean }

/** Texts that begin alike share their beginning; what comes behind one that has ended is left away. */
export function treeOfTexts(texts: readonly string[], { ignoreCase }: { readonly ignoreCase: boolean }): Node {
  const root: Branch = { next: new Map(), isEnd: false }
  for (const text of texts) {
    let branch = root
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      const next = branch.next.get(code) ?? { next: new Map(), isEnd: false }
      branch.next.set(code, next)
      branch = next
    }
    branch.isEnd = true
  }
  const treeOf = ({ next, isEnd }: Branch): Node => {
    if (isEnd) return { kind: 'empty' }
    const options = Array.from(next, ([code, branch]): Node => sequence(code, branch))
    return options.length === 1 ? options[0]! : { kind: 'either', options }
  }
  /** Without branches it is one sequence: long texts are no deep trees. */
  const sequence = (code: number, branch: Branch): Node => {
    const parts = [letter(code, ignoreCase)]
    let rest = branch
    while (!rest.isEnd && rest.next.size === 1) {
      const [only, then] = [...rest.next][0]!
      parts.push(letter(only, ignoreCase))
      rest = then
    }
    return { kind: 'sequence', parts: [...parts, treeOf(rest)] }
  }
  return treeOf(root)
}
