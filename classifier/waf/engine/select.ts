/** Which values a rule looks at: its variables without its exclusions and those that `ctl` made. */
import { changingCollections } from '../seclang/collections.ts'
import type { Rule, Target, TargetSet, Variable } from '../seclang/model.ts'
import { valuesOf } from './sources.ts'
import type { Transaction } from './transaction.ts'
import { Value } from './value.ts'

export function select(t: Transaction, rule: Rule, set: TargetSet): readonly Value[] {
  const values = selectSet(t, set)
  const removed = t.removedTargets.get(rule.index)
  return removed ? values.filter((value) => !removed.some((variable) => variableNames(variable, value))) : values
}

function selectSet(t: Transaction, set: TargetSet): readonly Value[] {
  if (set.volatile) return collect(t, set)
  const known = t.selected[set.index]
  if (known) return known
  const made = collect(t, set)
  t.selected[set.index] = made
  return made
}

function collect(t: Transaction, { targets, exclusions }: TargetSet): readonly Value[] {
  if (targets.length === 0) return nothingToLookAt
  if (targets.length === 1 && exclusions.length === 0) return targetValues(t, targets[0]!, exclusions)
  return targets.flatMap((target) => targetValues(t, target, exclusions))
}

/** A SecAction looks at nothing and is true once. */
const nothingToLookAt = [new Value('', undefined, '')]

function targetValues(t: Transaction, target: Target, exclusions: readonly Variable[]): readonly Value[] {
  const { collection, selector } = target
  const store = selector.kind === 'key' ? t.store(collection, selector.key) : undefined
  const found = store && selector.kind === 'key' ? stored(store, collection, selector.key) : chosen(t, target)
  const kept =
    exclusions.length === 0 ? found : found.filter((value) => !exclusions.some((no) => variableNames(no, value)))
  return target.count ? [counted(target, kept.length)] : kept
}

function stored(
  store: NonNullable<ReturnType<Transaction['store']>>,
  collection: string,
  key: string,
): readonly Value[] {
  const known = store.get(key)
  return known ? [new Value(collection, known.key, known.text)] : []
}

function chosen(t: Transaction, { collection, selector }: Variable): readonly Value[] {
  const values = collectionValues(t, collection)
  if (selector.kind === 'all') return values
  if (selector.kind === 'key') return values.filter((value) => value.lowerKey === selector.key)
  return values.filter((value) => value.key !== undefined && selector.regex.test(value.key))
}

function counted({ collection, selector }: Variable, count: number): Value {
  const key = selector.kind === 'key' ? selector.key : undefined
  return new Value(`&${collection}`, key, String(count))
}

export function collectionValues(t: Transaction, collection: string): readonly Value[] {
  if (changingCollections.has(collection)) return valuesOf(t, collection)
  const known = t.collections.get(collection)
  if (known) return known
  const made = valuesOf(t, collection)
  t.collections.set(collection, made)
  return made
}

/** Whether the value is one of the variable's. */
export function variableNames({ collection, selector }: Variable, value: Value): boolean {
  if (collection !== value.collection) return false
  if (selector.kind === 'all') return true
  if (selector.kind === 'key') return value.lowerKey === selector.key
  return value.key !== undefined && selector.regex.test(value.key)
}
