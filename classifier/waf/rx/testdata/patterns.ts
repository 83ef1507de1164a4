/** Patterns to test with: CRS's where it is, and texts that they match. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { directivesOf } from '../../seclang/lexer.ts'
import type { Node } from '../ast.ts'
import { bytesOf } from '../bytes.ts'

export function crsPatterns(directory: string): readonly string[] {
  const rules = join(directory, 'rules')
  const files = readdirSync(rules).filter((name) => name.endsWith('.conf'))
  const all = files.flatMap((file) => directivesOf(readFileSync(join(rules, file), 'latin1'), file).directives)
  const operators = all.filter(({ name }) => name.toLowerCase() === 'secrule').map(({ arguments: [, operator] }) => operator!)
  return [...new Set(operators.flatMap((text) => /^!?@rx ([\s\S]*)$/.exec(text)?.[1] ?? []))]
}

/** A text that the tree most likely matches (assertions are not looked at). */
export function example(node: Node, random: () => number): string {
  switch (node.kind) {
    case 'byte': {
      const bytes = bytesOf(node.set)
      return bytes.length === 0 ? '' : String.fromCharCode(bytes[Math.floor(random() * bytes.length)]!)
    }
    case 'sequence':
      return node.parts.map((part) => example(part, random)).join('')
    case 'either':
      return example(node.options[Math.floor(random() * node.options.length)]!, random)
    case 'repeat': {
      const times = Math.min(node.max, node.min + Math.floor(random() ** 2 * 4))
      return Array.from({ length: times }, () => example(node.of, random)).join('')
    }
    case 'capture':
      return example(node.of, random)
    default:
      return ''
  }
}

const around = [' ', '\n', 'a', '<', "'", '"', '/', '\xff', '0', '=', '\r', '.', 'A', '\0', '']

/** An example with something before and behind it, and now and then a byte that is wrong, twice or missing. */
export function subject(node: Node, random: () => number): string {
  const pick = (): string => around[Math.floor(random() * around.length)]!
  const text = pick() + example(node, random) + pick()
  if (random() < 0.5) return text
  const at = Math.floor(random() * text.length)
  const change = [pick(), '', text[at]! + text[at], text[at]?.toUpperCase()][Math.floor(random() * 4)]
  return text.slice(0, at) + change + text.slice(at + 1)
}
