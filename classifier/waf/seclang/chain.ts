/** Actions of one link → what the engine does: transformations, setvar, ctl. */
import { changes } from '../transformations/changes.ts'
import { transformations } from '../transformations/transformations.ts'
import type { Action } from './actions.ts'
import { engineOf } from './directives.ts'
import type { DraftRule } from './draft.ts'
import type { Control, SetVariable, TransformationNode } from './model.ts'
import { idsOf, ruleMatcher } from './selection.ts'
import { templateOf } from './template.ts'
import { parseVariable } from './variables.ts'

/** Chains of transformations that begin alike share their nodes, so that a value is changed once for all of them. */
export class TransformationTrie {
  readonly root: TransformationNode = {
    index: 0,
    parent: undefined,
    depth: 0,
    apply: (value) => value,
    changes: changes.none,
  }
  readonly nodes: TransformationNode[] = [this.root]
  readonly #children = new Map<string, TransformationNode>()

  /** Names in order, as in `t:`; `none` forgets what was before it. */
  node(names: readonly string[]): TransformationNode {
    return names.slice(names.lastIndexOf('none') + 1).reduce((parent, name) => this.#child(parent, name), this.root)
  }

  #child(parent: TransformationNode, name: string): TransformationNode {
    const key = `${parent.index} ${name}`
    const known = this.#children.get(key)
    if (known) return known
    const apply = byName.get(name)
    if (!apply) throw new Error(`there is no transformation ${name}`)
    const made = { index: this.nodes.length, parent, depth: parent.depth + 1, apply, changes: changes[name] }
    this.nodes.push(made)
    this.#children.set(key, made)
    return made
  }
}

const byName = new Map(Object.entries(transformations).map(([name, apply]) => [name.toLowerCase(), apply]))

export const transformationNames = (actions: readonly Action[]): string[] =>
  actions.filter(({ name }) => name === 't').map(({ value }) => value.toLowerCase())

/** `tx.score=+5`, `tx.seen`, `!tx.seen`. */
export function setVariableOf(text: string): SetVariable {
  const [, not, collection, key, sign, value] = /^\s*(!?)(\w+)\.([^=]*?)\s*(?:=\s*([+-]?)(.*))?$/s.exec(text) ?? []
  if (collection === undefined) throw new Error(`cannot read setvar:${text}`)
  const change = not === '!' ? 'remove' : sign === '+' ? 'add' : sign === '-' ? 'subtract' : 'set'
  return {
    collection: collection.toUpperCase(),
    key: templateOf(key!),
    change,
    value: templateOf(value ?? '1'),
  }
}

type ControlReader = (value: string, rules: readonly DraftRule[]) => Control
const indices = (rules: readonly DraftRule[], matches: (rule: DraftRule) => boolean): readonly number[] =>
  rules.flatMap((rule, index) => (matches(rule) ? [index] : []))
const byIds = (text: string) => {
  const ids = idsOf(text)
  return (rule: DraftRule) => ids(rule.id)
}
const nothing: ControlReader = () => ({ kind: 'nothing' })
const isOn = (value: string): boolean => value.toLowerCase() === 'on'

/** `942100;ARGS:password` */
function targetReader(matcher: (text: string) => (rule: DraftRule) => boolean): ControlReader {
  return (value, rules) => {
    const [which = '', variable = ''] = value.split(/;(.*)/s)
    return { kind: 'removeTarget', rules: indices(rules, matcher(which)), variable: parseVariable(variable) }
  }
}

const controls: Readonly<Record<string, ControlReader>> = {
  ruleengine: (value) => ({ kind: 'engine', engine: engineOf(value) }),
  requestbodyprocessor: (value) => ({ kind: 'bodyProcessor', processor: value.toUpperCase() }),
  forcerequestbodyvariable: (value) => ({ kind: 'forceBodyVariable', on: isOn(value) }),
  requestbodyaccess: (value) => ({ kind: 'requestBodyAccess', on: isOn(value) }),
  responsebodyaccess: (value) => ({ kind: 'responseBodyAccess', on: isOn(value) }),
  ruleremovebyid: (value, rules) => ({ kind: 'removeRules', rules: indices(rules, byIds(value)) }),
  ruleremovebytag: (value, rules) => ({ kind: 'removeRules', rules: indices(rules, ruleMatcher('tag', value)) }),
  ruleremovebymsg: (value, rules) => ({ kind: 'removeRules', rules: indices(rules, ruleMatcher('msg', value)) }),
  ruleremovetargetbyid: targetReader(byIds),
  ruleremovetargetbytag: targetReader((text) => ruleMatcher('tag', text)),
  ruleremovetargetbymsg: targetReader((text) => ruleMatcher('msg', text)),
  auditengine: nothing,
  auditlogparts: nothing,
  debugloglevel: nothing,
  parsexmlintoargs: nothing,
}

export function controlOf(text: string, rules: readonly DraftRule[]): Control {
  const [name = '', value = ''] = text.split(/=(.*)/s)
  const reader = controls[name.trim().toLowerCase()]
  if (!reader) throw new Error(`there is no ctl:${name}`)
  return reader(value.trim(), rules)
}
