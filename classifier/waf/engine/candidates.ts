/**
 * Which rules can match at all? Most rules ask something of a value that depends on nothing else (no macro, no TX): for
 * those the answer is found value by value before the phase runs.
 * Promises: a superset of the rules that match; the run itself then goes through them in order, as if there were no others.
 * Never: a match is taken from here.
 */
import type { Link, Phase, Rule, RuleSet, TargetSet, Variable } from '../seclang/model.ts'
import { type Library, libraryOf } from './library.ts'
import type { Check } from './part.ts'
import { collectionValues, variableNames } from './select.ts'
import type { Transaction } from './transaction.ts'
import type { Value } from './value.ts'
import { ValueClass } from './value-class.ts'

type CollectionPlan = {
  readonly collection: string
  readonly sets: readonly TargetSet[]
  /** No selector and no exclusion: one class for all keys. */
  readonly only: ValueClass | undefined
  /** By key (lower case). */
  readonly byKey: Map<string, ValueClass>
}

/** Keys come from clients: past it the table starts anew. */
const maxKeys = 4096
const maxKeyBytes = 64

class PhasePlan {
  /** 1 for a rule that depends on more than its values. */
  readonly always: Uint8Array
  readonly collections: readonly CollectionPlan[]
  readonly #checks = new Map<TargetSet, Check[]>()
  readonly #classes = new Map<string, ValueClass>()
  readonly #library: Library

  constructor(rules: readonly Rule[], library: Library) {
    this.#library = library
    this.always = Uint8Array.from(rules, ({ links: [head] }) => (isForeseeable(head) ? 0 : 1))
    for (const [place, { links }] of rules.entries()) if (this.always[place] === 0) this.#add({ place, link: links[0] })
    const sets = [...this.#checks.keys()]
    const names = new Set(sets.flatMap(({ targets }) => targets.map(({ collection }) => collection)))
    this.collections = [...names].map((name) => this.#plan(name, sets))
  }

  #add(check: Check): void {
    const known = this.#checks.get(check.link.targets)
    if (known) known.push(check)
    else this.#checks.set(check.link.targets, [check])
  }

  #plan(collection: string, all: readonly TargetSet[]): CollectionPlan {
    const ofIt = (variable: Variable): boolean => variable.collection === collection
    const sets = all.filter(({ targets }) => targets.some(ofIt))
    const plain = sets.every(({ targets, exclusions }) =>
      [...targets, ...exclusions].filter(ofIt).every(({ selector }) => selector.kind === 'all'),
    )
    const kept = sets.filter(({ exclusions }) => !exclusions.some((no) => ofIt(no) && no.selector.kind === 'all'))
    return { collection, sets: kept, only: plain ? this.#classOf(kept) : undefined, byKey: new Map() }
  }

  #classOf(sets: readonly TargetSet[]): ValueClass {
    const name = sets.map(({ index }) => index).join(' ')
    const known = this.#classes.get(name)
    if (known) return known
    const made = new ValueClass(
      sets.flatMap((set) => this.#checks.get(set)!),
      this.#library,
    )
    this.#classes.set(name, made)
    return made
  }

  classFor(plan: CollectionPlan, value: Value): ValueClass {
    if (plan.only) return plan.only
    const key = value.lowerKey
    const known = plan.byKey.get(key)
    if (known) return known
    const made = this.#classOf(plan.sets.filter((set) => selects(set, value)))
    if (key.length > maxKeyBytes) return made
    if (plan.byKey.size >= maxKeys) plan.byKey.clear()
    plan.byKey.set(key, made)
    return made
  }
}

/** What the first link asks depends on the value alone, and that value does not change while the phase runs. */
const isForeseeable = ({ pure, targets: { targets, volatile } }: Link): boolean =>
  pure && !volatile && targets.length > 0 && targets.every(({ count }) => !count)

const selects = ({ targets, exclusions }: TargetSet, value: Value): boolean =>
  targets.some((target) => variableNames(target, value)) && !exclusions.some((no) => variableNames(no, value))

export class Candidates {
  readonly #phases: Readonly<Record<Phase, PhasePlan>>

  constructor({ rules, phases, transformations }: RuleSet) {
    const library = libraryOf(rules.map(({ links: [head] }) => head).filter(isForeseeable), transformations)
    const plan = (phase: Phase): PhasePlan => new PhasePlan(phases[phase], library)
    this.#phases = { 1: plan(1), 2: plan(2), 3: plan(3), 4: plan(4), 5: plan(5) }
  }

  /** For each place in the phase: 0 where the rule can not match with the values that are there now. */
  of(t: Transaction, phase: Phase): Uint8Array {
    const plan = this.#phases[phase]
    const may = plan.always.slice()
    for (const collection of plan.collections) {
      for (const value of collectionValues(t, collection.collection)) {
        plan.classFor(collection, value).examine(value, may)
      }
    }
    return may
  }
}
