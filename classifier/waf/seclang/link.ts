/** Draft → rule set: names become objects, markers become places, patterns become machines. */

import type { Operator } from '../operators/operator.ts'
import { operators } from '../operators/operators.ts'
import type { Action } from './actions.ts'
import { controlOf, setVariableOf, TransformationTrie, transformationNames } from './chain.ts'
import { changingCollections } from './collections.ts'
import { type Draft, type DraftLink, type DraftMarker, type DraftRule, has, lastValue } from './draft.ts'
import type { Disruption, Link, Phase, Problem, Rule, RuleSet, Target, TargetSet, Variable } from './model.ts'
import { templateOf } from './template.ts'

const phases: readonly Phase[] = [1, 2, 3, 4, 5]

/** What is wrong with a rule goes into `draft.problems`, and the rule is left out. */
export function link(draft: Draft): RuleSet {
  const trie = new TransformationTrie()
  const targetSets = new TargetSets()
  const drafts = draft.entries.filter((entry) => entry.kind === 'rule')
  const rules: Rule[] = []
  const places = placesOf(draft.entries, draft.problems)
  for (const [index, rule] of drafts.entries()) {
    const made = ruleOf(rule, { index, next: places.get(rule)!, drafts, trie, targetSets, problems: draft.problems })
    if (made) rules.push(made)
  }
  return {
    rules,
    phases: Object.fromEntries(phases.map((phase) => [phase, rules.filter((r) => r.phase === phase)])) as never,
    configuration: draft.configuration,
    targetSets: targetSets.all,
    transformations: trie.nodes,
  }
}

type LinkContext = {
  readonly index: number
  readonly next: number
  readonly drafts: readonly DraftRule[]
  readonly trie: TransformationTrie
  readonly targetSets: TargetSets
  readonly problems: Problem[]
}

/**
 * Where each rule's phase goes on after it has matched. A marker stands in every phase. A rule that can not be linked
 * makes the whole load fail, so places count every rule.
 */
function placesOf(entries: readonly (DraftRule | DraftMarker)[], problems: Problem[]): Map<DraftRule, number> {
  const places = new Map<DraftRule, number>()
  for (const phase of phases) {
    const inPhase = entries.filter((entry) => entry.kind === 'marker' || entry.phase === phase)
    const place = (end: number): number => inPhase.slice(0, end).filter(({ kind }) => kind === 'rule').length
    for (const [at, entry] of inPhase.entries()) {
      if (entry.kind === 'marker') continue
      const head = entry.links[0]!
      const marker = lastValue(head.actions, 'skipafter')
      const skip = Number(lastValue(head.actions, 'skip') ?? 0)
      if (marker === undefined) {
        places.set(entry, place(at) + 1 + skip)
        continue
      }
      const found = inPhase.findIndex((other, i) => i > at && isPlace(other, marker))
      if (found === -1)
        problems.push({ file: head.file, line: head.line, message: `there is no marker ${marker} below` })
      places.set(entry, found === -1 ? Number.POSITIVE_INFINITY : place(found + 1))
    }
  }
  return places
}

/** `skipAfter` names a marker or the id of a rule. */
const isPlace = (entry: DraftRule | DraftMarker, name: string): boolean =>
  entry.kind === 'marker' ? entry.name === name : String(entry.id) === name

function ruleOf(draft: DraftRule, context: LinkContext): Rule | undefined {
  const links = draft.links.flatMap((part) => linkOf(part, draft, context) ?? [])
  const [first, ...rest] = links
  if (!first || links.length < draft.links.length) return undefined
  const head = draft.links[0]!
  const actions = [...draft.defaults.filter(({ name }) => name !== 't'), ...head.actions]
  return {
    index: context.index,
    id: draft.id,
    phase: draft.phase,
    file: head.file,
    line: head.line,
    links: [first, ...rest],
    message: templateOf(lastValue(actions, 'msg') ?? ''),
    data: templateOf(lastValue(actions, 'logdata') ?? ''),
    severity: severityOf(lastValue(actions, 'severity')),
    tags: actions.filter(({ name }) => name === 'tag').map(({ value }) => value),
    log: actions.findLast(({ name }) => name === 'log' || name === 'nolog')?.name !== 'nolog',
    disruption: disruptionOf(head.actions, draft.defaults),
    status: Number(lastValue(actions, 'status') ?? 403),
    next: context.next,
  }
}

const severities = ['EMERGENCY', 'ALERT', 'CRITICAL', 'ERROR', 'WARNING', 'NOTICE', 'INFO', 'DEBUG']
const severityOf = (text = ''): string => severities[Number(text || 'x')] ?? text.toUpperCase()

const disruptive = ['pass', 'block', 'deny', 'drop', 'allow', 'redirect', 'proxy']

/** The last one wins; `block` is what SecDefaultAction says, and pass where it says nothing (as in ModSecurity). */
function disruptionOf(actions: readonly Action[], defaults: readonly Action[]): Disruption {
  const own = actions.findLast(({ name }) => disruptive.includes(name)) ?? { name: 'block', value: '' }
  if (own.name === 'block') {
    const standard = defaults.findLast(({ name }) => disruptive.includes(name) && name !== 'block')
    return standard ? disruptionOf([standard], []) : 'pass'
  }
  if (own.name === 'allow') {
    return own.value === 'phase' ? 'allowPhase' : own.value === 'request' ? 'allowRequest' : 'allow'
  }
  return own.name === 'pass' || own.name === 'drop' ? own.name : 'deny'
}

function linkOf(draft: DraftLink, rule: DraftRule, context: LinkContext): Link | undefined {
  const { actions, file, line } = draft
  try {
    const inherited = rule.defaults.filter(({ name }) => name === 't')
    return {
      targets: context.targetSets.intern(draft.targets, draft.exclusions),
      operator: operatorOf(draft),
      pure: draft.operator !== undefined && !draft.operator.argument.includes('%{'),
      negated: draft.operator?.negated ?? false,
      transformation: context.trie.node(transformationNames([...inherited, ...actions])),
      multiMatch: has(actions, 'multimatch'),
      capture: has(actions, 'capture'),
      setVariables: actions.filter(({ name }) => name === 'setvar').map(({ value }) => setVariableOf(value)),
      controls: actions.filter(({ name }) => name === 'ctl').map(({ value }) => controlOf(value, context.drafts)),
    }
  } catch (error) {
    context.problems.push({ file, line, message: (error as Error).message })
    return undefined
  }
}

const byName = new Map(Object.entries(operators).map(([name, factory]) => [name.toLowerCase(), factory]))
const always: Operator = (value) => ({ matched: value })

function operatorOf({ operator, file }: DraftLink): Operator {
  if (!operator) return always
  const factory = byName.get(operator.name.toLowerCase())
  if (!factory) throw new Error(`there is no operator @${operator.name}`)
  const made = factory(operator.argument, { file })
  if (typeof made === 'function') return made
  throw new Error(`@${operator.name}: ${made.message}`)
}

/** Equal sets become one object. */
class TargetSets {
  readonly all: TargetSet[] = []
  readonly #known = new Map<string, TargetSet>()

  intern(targets: readonly Target[], exclusions: readonly Variable[]): TargetSet {
    const key = JSON.stringify([targets.map(plain), exclusions.map(plain)])
    const known = this.#known.get(key)
    if (known) return known
    const volatile = targets.some(({ collection }) => changingCollections.has(collection))
    const made = { index: this.all.length, targets, exclusions, volatile }
    this.all.push(made)
    this.#known.set(key, made)
    return made
  }
}

const plain = ({ selector, ...rest }: Variable): unknown => ({
  ...rest,
  selector: selector.kind === 'pattern' ? selector.source : selector,
})
