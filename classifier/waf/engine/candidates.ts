/**
 * Which rules can match at all? Most rules ask something of a value that depends on nothing else (no macro, no TX): for
 * those the answer is found value by value before the phase runs, and a value that no rule answered to is remembered.
 * Promises: a superset of the rules that match; the run itself then goes through them in order, as if there were no others.
 * Never: a match is taken from here.
 */
import type { Link, Phase, Rule, RuleSet, TargetSet, TransformationNode, Variable } from '../seclang/model.ts'
import { RecentTexts } from './recent.ts'
import { Screen, type Ticket } from './screen.ts'
import { collectionValues, variableNames } from './select.ts'
import type { Transaction } from './transaction.ts'
import { stagesOf, type Value } from './value.ts'

/** One rule that looks at a value: its place in the phase, its first link and what the screen knows of that. */
type Check = { readonly place: number; readonly link: Link; readonly ticket: Ticket | undefined }

/** Checks that look at the same stage of a value; those with a ticket are asked only if the screen admits it. */
type Group = {
  readonly node: TransformationNode
  readonly plain: readonly Check[]
  readonly tickets: Uint32Array
}

/** Values that the same rules look at. */
type ValueClass = { readonly groups: readonly Group[]; readonly clean: RecentTexts }

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
  readonly #checks = new Map<TargetSet, Check[]>()
  readonly #classes = new Map<string, ValueClass>()
  readonly #screen: Screen
  #collections: readonly CollectionPlan[] | undefined

  constructor(rules: readonly Rule[], screen: Screen, byTicket: Check[]) {
    this.#screen = screen
    this.always = Uint8Array.from(rules, ({ links: [head] }) => (isForeseeable(head) ? 0 : 1))
    for (const [place, { links }] of rules.entries()) {
      if (this.always[place] !== 0) continue
      const check = { place, link: links[0], ticket: ticketFor(links[0], screen) }
      if (check.ticket !== undefined) byTicket[check.ticket] = check
      this.#add(check)
    }
  }

  /** Made when first asked for: by then the screen has all its tickets. */
  get collections(): readonly CollectionPlan[] {
    if (this.#collections) return this.#collections
    const sets = [...this.#checks.keys()]
    const names = new Set(sets.flatMap(({ targets }) => targets.map(({ collection }) => collection)))
    const made = [...names].map((name) => this.#plan(name, sets))
    this.#collections = made
    return made
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
    const checks = sets.flatMap((set) => this.#checks.get(set)!)
    const nodes = new Set(checks.map(({ link }) => link.transformation))
    const groups = [...nodes].map((node) => this.#group(node, checks))
    const made = { groups, clean: new RecentTexts() }
    this.#classes.set(name, made)
    return made
  }

  #group(node: TransformationNode, all: readonly Check[]): Group {
    const checks = all.filter(({ link }) => link.transformation === node)
    const plain = checks.filter(({ ticket }) => ticket === undefined)
    return { node, plain, tickets: this.#screen.bits(checks.flatMap(({ ticket }) => ticket ?? [])) }
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
  readonly #screen = new Screen()
  readonly #byTicket: Check[] = []

  constructor({ phases }: RuleSet) {
    const plan = (phase: Phase): PhasePlan => new PhasePlan(phases[phase], this.#screen, this.#byTicket)
    this.#phases = { 1: plan(1), 2: plan(2), 3: plan(3), 4: plan(4), 5: plan(5) }
    this.#screen.build()
  }

  /** For each place in the phase: 0 where the rule can not match with the values that are there now. */
  of(t: Transaction, phase: Phase): Uint8Array {
    const plan = this.#phases[phase]
    const may = plan.always.slice()
    for (const collection of plan.collections) {
      for (const value of collectionValues(t, collection.collection)) {
        this.#examine(plan.classFor(collection, value), value, may)
      }
    }
    this.#screen.forget()
    return may
  }

  #examine({ groups, clean }: ValueClass, value: Value, may: Uint8Array): void {
    if (groups.length === 0 || clean.has(value.text)) return
    let any = false
    const found = ({ place }: Check): void => {
      may[place] = 1
      any = true
    }
    for (const { node, plain, tickets } of groups) {
      const text = value.transformed(node)
      for (const check of plain) if (answers(check.link, value, text)) found(check)
      this.#screen.admitted(tickets, text, (ticket) => {
        const check = this.#byTicket[ticket]!
        if (answersText(check.link, text)) found(check)
      })
    }
    if (!any) clean.add(value.text)
  }
}

const answers = (link: Link, value: Value, text: string): boolean =>
  link.multiMatch
    ? stagesOf(value, link.transformation).some((stage) => answersText(link, stage))
    : answersText(link, text)

/** A rule that wants something not to be there can not be screened. */
function ticketFor({ operator, negated, multiMatch }: Link, screen: Screen): Ticket | undefined {
  return operator.requires && !negated && !multiMatch ? screen.add(operator.requires) : undefined
}

const nobody = { expand: () => undefined }
const answersText = ({ operator, negated }: Link, text: string): boolean =>
  (operator(text, nobody) !== undefined) !== negated
