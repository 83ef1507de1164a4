/** Tree → source text that V8 and RE2 read alike: sets as `\xhh` ranges, no flags, no shorthand, no name. */
import type { Node, Place } from './ast.ts'
import { allBytes, type ByteSet, noBytes, not, type Range, rangesOf } from './bytes.ts'

export type Dialect = 'v8' | 're2'

/** Without flags both read `^` and `$` as the very ends; lines end at `\n` only, where JavaScript's `m` knows more. */
const places: Readonly<Record<Dialect, Readonly<Record<Place, string>>>> = {
  v8: { start: '^', end: '$', lineStart: '(?<![^\\n])', lineEnd: '(?![^\\n])', wordEdge: '\\b', noWordEdge: '\\B' },
  re2: { start: '^', end: '$', lineStart: '(?m:^)', lineEnd: '(?m:$)', wordEdge: '\\b', noWordEdge: '\\B' },
}

export function emit(node: Node, dialect: Dialect): string {
  switch (node.kind) {
    case 'empty':
      return '(?:)'
    case 'byte':
      return setText(node.set)
    case 'sequence':
      return node.parts.map((part) => wrapped(part, dialect, part.kind === 'either')).join('')
    case 'either':
      return node.options.map((option) => emit(option, dialect)).join('|')
    case 'repeat':
      return wrapped(node.of, dialect, node.of.kind !== 'byte' && node.of.kind !== 'capture') + timesText(node)
    case 'capture':
      return `(${emit(node.of, dialect)})`
    case 'assertion':
      return places[dialect][node.place]
  }
}

const wrapped = (node: Node, dialect: Dialect, bracketed: boolean): string =>
  bracketed ? `(?:${emit(node, dialect)})` : emit(node, dialect)

function timesText({ min, max, lazy }: { min: number; max: number; lazy: boolean }): string {
  const endless = max === Number.POSITIVE_INFINITY
  const text =
    endless && min === 0
      ? '*'
      : endless && min === 1
        ? '+'
        : min === 0 && max === 1
          ? '?'
          : `{${min}${rangeEnd(min, max)}}`
  return lazy ? `${text}?` : text
}

const rangeEnd = (min: number, max: number): string =>
  max === min ? '' : max === Number.POSITIVE_INFINITY ? ',' : `,${max}`

function setText(set: ByteSet): string {
  if (set === noBytes) return '[^\\x00-\\xff]'
  if (set === allBytes) return '[\\x00-\\xff]'
  const inside = rangesOf(set)
  const outside = rangesOf(not(set))
  const only = inside[0]!
  if (inside.length === 1 && only.from === only.to) return byteText(only.from)
  return outside.length < inside.length
    ? `[^${outside.map(rangeText).join('')}]`
    : `[${inside.map(rangeText).join('')}]`
}

const rangeText = ({ from, to }: Range): string =>
  from === to ? byteText(from) : `${byteText(from)}${to === from + 1 ? '' : '-'}${byteText(to)}`

const byteText = (value: number): string => {
  const text = String.fromCharCode(value)
  return /[A-Za-z0-9]/.test(text) ? text : `\\x${value.toString(16).padStart(2, '0')}`
}
