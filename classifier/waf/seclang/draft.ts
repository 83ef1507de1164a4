/** Rules while files are still being read: directives further down may change or remove them. */
import { type Action, parseActions } from './actions.ts'
import type { Directive } from './lexer.ts'
import type { Configuration, Phase, Problem, Target, Variable } from './model.ts'
import { parseVariables } from './variables.ts'

export type DraftOperator = { readonly negated: boolean; readonly name: string; readonly argument: string }

export type DraftLink = {
  readonly file: string
  readonly line: number
  targets: readonly Target[]
  exclusions: readonly Variable[]
  /** Undefined: SecAction, always true. */
  readonly operator: DraftOperator | undefined
  actions: readonly Action[]
}

export type DraftRule = {
  readonly kind: 'rule'
  readonly links: DraftLink[]
  readonly id: number
  readonly phase: Phase
  /** SecDefaultAction of its phase at the place where it stands. */
  readonly defaults: readonly Action[]
}

export type DraftMarker = { readonly kind: 'marker'; readonly name: string }

export type Draft = {
  readonly entries: (DraftRule | DraftMarker)[]
  readonly configuration: { -readonly [K in keyof Configuration]: Configuration[K] }
  readonly defaults: Map<Phase, readonly Action[]>
  readonly problems: Problem[]
  readonly skipped: Problem[]
  /** A chain whose next link is still to come. */
  open: DraftRule | undefined
  /** The rest of a chain with a link that was refused: passed over. */
  isPassing: boolean
  /** Ids of the rules that were refused while they were read, by place. */
  readonly refused: Map<string, number>
}

/** A directive, told by where it stands. */
export const placeOf = ({ file, line }: { readonly file: string; readonly line: number }): string => `${file}:${line}`

export const emptyDraft = (): Draft => ({
  entries: [],
  configuration: {
    engine: 'On',
    requestBodyAccess: true,
    responseBodyAccess: true,
    responseMimeTypes: ['text/plain', 'text/html', 'text/xml', 'application/json'],
    argumentSeparator: '&',
  },
  defaults: new Map(),
  problems: [],
  skipped: [],
  open: undefined,
  isPassing: false,
  refused: new Map(),
})

export const lastValue = (actions: readonly Action[], name: string): string | undefined =>
  actions.findLast((action) => action.name === name)?.value
export const has = (actions: readonly Action[], name: string): boolean => actions.some((action) => action.name === name)

const phaseNames: Readonly<Record<string, Phase>> = { request: 2, response: 4, logging: 5 }

export function phaseOf(actions: readonly Action[]): Phase {
  const text = lastValue(actions, 'phase') ?? '2'
  const phase = phaseNames[text] ?? Number(text)
  if (![1, 2, 3, 4, 5].includes(phase)) throw new Error(`there is no phase ${text}`)
  return phase as Phase
}

/** Adds a rule, or the next link of the chain that is open. Throws an Error that says what is wrong. */
export function addRule(draft: Draft, directive: Directive, link: DraftLink): void {
  if (draft.open) draft.open.links.push(link)
  else draft.entries.push(opened(draft, link))
  const rule = draft.open ?? (draft.entries.at(-1) as DraftRule)
  draft.open = has(link.actions, 'chain') ? rule : undefined
  if (rule.links.length === 1 && rule.id !== 0) refuseTwins(draft, rule, directive)
}

function opened(draft: Draft, link: DraftLink): DraftRule {
  const id = Number(lastValue(link.actions, 'id') ?? 0)
  if (!Number.isInteger(id) || id < 0) throw new Error('the id of a rule is a number')
  const phase = phaseOf(link.actions)
  return { kind: 'rule', links: [link], id, phase, defaults: draft.defaults.get(phase) ?? [] }
}

function refuseTwins(draft: Draft, rule: DraftRule, { file, line }: Directive): void {
  const twin = draft.entries.find((other) => other.kind === 'rule' && other !== rule && other.id === rule.id)
  if (twin) draft.problems.push({ file, line, message: `there is a rule ${rule.id} already` })
}

export function ruleLink({ arguments: [variables, operator, actions = ''], file, line }: Directive): DraftLink {
  if (variables === undefined || operator === undefined) throw new Error('SecRule needs variables and an operator')
  return { file, line, ...parseVariables(variables), operator: parseOperator(operator), actions: parseActions(actions) }
}

export function actionLink({ arguments: [actions = ''], file, line }: Directive): DraftLink {
  return { file, line, targets: [], exclusions: [], operator: undefined, actions: parseActions(actions) }
}

/** `@rx …`, `!@rx …`; without `@` it is a pattern. */
function parseOperator(text: string): DraftOperator {
  const [, not, name, argument] = /^\s*(!?)\s*(?:@(\w+)(?:\s+|$))?(.*)$/s.exec(text)!
  return { negated: not === '!', name: name ?? 'rx', argument: argument! }
}

/** A rule that can not be read takes its whole chain with it, what has been read of it and what is still to come. */
export function refuseRule(draft: Draft, directive: Directive): void {
  const id = draft.open?.id ?? Number(/\bid:\s*'?(\d+)/.exec(directive.arguments.at(-1) ?? '')?.[1] ?? 0)
  draft.refused.set(placeOf(directive), id)
  if (draft.open) draft.entries.splice(draft.entries.indexOf(draft.open), 1)
  draft.open = undefined
  draft.isPassing = goesOn(directive)
}

/** Whether another link follows; of a directive whose actions may be unreadable. */
export const goesOn = ({ arguments: list }: Directive): boolean => /(?:^|[\s,])chain\s*(?:,|$)/i.test(list.at(-1) ?? '')
