/**
 * Regular expressions of group criteria, matched in time linear in the text (a set of states walks along it, as RE2
 * does). People write these patterns and we run them in the control plane and in browsers, so JavaScript's
 * backtracking RegExp, which some 20-character patterns keep busy for hours, never sees them.
 * A subset of RE2 and JavaScript: literals, `.`, classes, `\d \w \s`, groups, `|`, `* + ? {m,n}`, `^ $`.
 * No back references, look-around, `\b` or flags. Unanchored, case-sensitive, on UTF-16 code units.
 */
import type { RegexNode } from './regex-parse.ts'
import { parseRegex } from './regex-parse.ts'

/** Past it the pattern is refused. Bounds the time per character of text; 1,000 states take about 5 µs. */
export const maxRegexStates = 1_000

/** One state: consume a character of the set, split to two states, hold only at an end of the text, or accept. */
type Step =
  | { readonly kind: 'set'; readonly ranges: readonly (readonly [number, number])[]; readonly negated: boolean }
  | { readonly kind: 'split'; readonly targets: number[] }
  | { readonly kind: 'start' | 'end' | 'accept' }

/** Thrown inside `compileRegex` only, where it becomes its answer. */
class TooLarge extends Error {}

/** `visits` bounds the work where nodes leave no state behind, as in `((){999}){999}`. */
type Program = Step[] & { visits?: number }

function emit(program: Program, node: RegexNode): void {
  program.visits = (program.visits ?? 0) + 1
  if (program.length > maxRegexStates || program.visits > 4 * maxRegexStates) throw new TooLarge()
  if (node.kind === 'sequence') for (const part of node.nodes) emit(program, part)
  else if (node.kind === 'either') emitEither(program, node.nodes)
  else if (node.kind === 'repeat') emitRepeat(program, node)
  else program.push(node)
}

function emitEither(program: Program, nodes: readonly RegexNode[]): void {
  const fork: number[] = []
  program.push({ kind: 'split', targets: fork })
  const exits: number[][] = []
  for (const node of nodes) {
    fork.push(program.length)
    emit(program, node)
    const exit: number[] = []
    exits.push(exit)
    program.push({ kind: 'split', targets: exit })
  }
  for (const exit of exits) exit.push(program.length)
}

function emitRepeat(program: Program, { node, min, max }: Extract<RegexNode, { kind: 'repeat' }>): void {
  for (let i = 0; i < min; i++) emit(program, node)
  if (max === undefined) emitLoop(program, node)
  else emitUpTo(program, node, max - min)
}

function emitUpTo(program: Program, node: RegexNode, times: number): void {
  const skips: number[][] = []
  for (let i = 0; i < times; i++) {
    const targets = [program.length + 1]
    skips.push(targets)
    program.push({ kind: 'split', targets })
    emit(program, node)
  }
  for (const targets of skips) targets.push(program.length)
}

function emitLoop(program: Program, node: RegexNode): void {
  const top = program.length
  const targets = [top + 1]
  program.push({ kind: 'split', targets })
  emit(program, node)
  program.push({ kind: 'split', targets: [top] })
  targets.push(program.length)
}

/** Adds a state and all that it reaches without a character; true when `accept` is among them. */
function reach(program: readonly Step[], states: Set<number>, from: number, at: number, length: number): boolean {
  const pending = [from]
  for (let pc = pending.pop(); pc !== undefined; pc = pending.pop()) {
    if (states.has(pc)) continue
    states.add(pc)
    const step = program[pc]!
    if (step.kind === 'accept') return true
    if (step.kind === 'split') pending.push(...step.targets)
    else if ((step.kind === 'start' && at === 0) || (step.kind === 'end' && at === length)) pending.push(pc + 1)
  }
  return false
}

const takes = (step: Step, code: number): boolean =>
  step.kind === 'set' && step.ranges.some(([from, to]) => code >= from && code <= to) !== step.negated

function run(program: readonly Step[], text: string): boolean {
  let states = new Set<number>()
  for (let at = 0; at <= text.length; at++) {
    if (reach(program, states, 0, at, text.length)) return true
    if (at === text.length) break
    const code = text.charCodeAt(at)
    const next = new Set<number>()
    for (const pc of states) {
      if (takes(program[pc]!, code) && reach(program, next, pc + 1, at + 1, text.length)) return true
    }
    states = next
  }
  return false
}

export type Regex =
  | { readonly ok: true; readonly matches: (text: string) => boolean }
  | { readonly ok: false; readonly message: string }

/** Compiles a pattern, or says in words why it can not be used. */
export function compileRegex(source: string): Regex {
  const parsed = parseRegex(source)
  if (!parsed.ok) return parsed
  const program: Program = []
  try {
    emit(program, parsed.node)
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error
    return { ok: false, message: `is too large: its repetitions come to more than ${maxRegexStates} states` }
  }
  program.push({ kind: 'accept' })
  return { ok: true, matches: (text) => run(program, text) }
}
