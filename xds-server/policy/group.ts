/**
 * Groups of workloads: the name of the group that is made for every owner, and what the criteria of a custom group say
 * about a workload. Compiled once per criterion, so that thousands of workloads cost a set look-up each.
 */
import type { Criterion, CriterionKey, CriterionOp, CustomGroup, Workload } from './model.ts'
import { compileRegex } from './regex.ts'

/** What NeuVector users know learned groups by. */
export const learnedPrefix = 'nv.'

/** Namespaces have no dots, so the part after the last dot is the namespace, whatever the owner is called. */
export function learnedGroup(workload: Pick<Workload, 'owner' | 'namespace'>): string {
  return `${learnedPrefix}${workload.owner.name}.${workload.namespace}`
}

/** Namespace of a learned group's name; undefined: not such a name. */
export function namespaceOf(group: string): string | undefined {
  return /^nv\..+\.([^.]+)$/.exec(group)?.[1]
}

/** What a criterion can look at: the workload, and its namespace's labels. */
export type Subject = { readonly workload: Workload; readonly namespaceLabels: Readonly<Record<string, string>> }

const own = (labels: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined

const plainKeys: Readonly<Record<string, (w: Workload) => string>> = {
  image: (w) => w.image,
  node: (w) => w.node,
  workload: (w) => w.name,
  service: (w) => w.owner.name,
  namespace: (w) => w.namespace,
  serviceAccount: (w) => w.serviceAccount,
}

/** Undefined: a label that is not there. */
export function criterionValue(key: CriterionKey, { workload, namespaceLabels }: Subject): string | undefined {
  if (key.startsWith('label.')) return own(workload.labels, key.slice('label.'.length))
  if (key.startsWith('nsLabel.')) return own(namespaceLabels, key.slice('nsLabel.'.length))
  return plainKeys[key]?.(workload)
}

/** `*` any characters, `?` one. Backtracks to the last star only: at most text × glob steps. */
export function matchesGlob(glob: string, text: string): boolean {
  let [g, t, star, resume] = [0, 0, -1, 0]
  while (t < text.length) {
    if (glob[g] === '*') {
      star = g++
      resume = t
    } else if (glob[g] === '?' || glob[g] === text[t]) {
      g++
      t++
    } else if (star >= 0) {
      g = star + 1
      t = ++resume
    } else return false
  }
  while (glob[g] === '*') g++
  return g === glob.length
}

type Test = (value: string) => boolean

function regexTest(pattern: string): Test | undefined {
  const regex = compileRegex(pattern)
  return regex.ok ? regex.matches : undefined
}

/** Undefined: a pattern that parsing would have refused. */
const tests: Readonly<Record<CriterionOp, (wanted: string) => Test | undefined>> = {
  '=': (wanted) => (value) => matchesGlob(wanted, value),
  '!=': (wanted) => (value) => matchesGlob(wanted, value),
  '@': (wanted) => (value) => value.includes(wanted),
  '^': (wanted) => (value) => value.startsWith(wanted),
  '~': regexTest,
  '!~': regexTest,
}

/** `!=` and `!~` hold where the label is missing, too; every other operator needs a value. */
const isNegative = (op: CriterionOp): boolean => op === '!=' || op === '!~'

function remember(test: Test): Test {
  const known = new Map<string, boolean>()
  return (value) => {
    const before = known.get(value)
    if (before !== undefined) return before
    const now = test(value)
    known.set(value, now)
    return now
  }
}

type Membership = (subject: Subject) => boolean

function criterionTest({ key, op, value: wanted }: Criterion): Membership {
  const plain = tests[op](wanted)
  // Nobody is in a group whose criterion says nothing: `!~` and a broken pattern must not mean everybody.
  if (plain === undefined) return () => false
  const test = remember(plain)
  const negative = isNegative(op)
  return (subject) => {
    const value = criterionValue(key, subject)
    return value === undefined ? negative : test(value) !== negative
  }
}

/** The criteria on one key: one is enough if any of them is positive; otherwise all must hold. */
function keyTest(criteria: readonly Criterion[]): Membership {
  const each = criteria.map(criterionTest)
  const allNegative = criteria.every((c) => isNegative(c.op))
  return (subject) => (allNegative ? each.every((t) => t(subject)) : each.some((t) => t(subject)))
}

/** Different keys must all hold. A group without criteria has no members. */
export function membershipOf(group: Pick<CustomGroup, 'criteria'>): Membership {
  const byKey = Map.groupBy(group.criteria, (c) => c.key)
  const each = [...byKey.values()].map(keyTest)
  return (subject) => each.length > 0 && each.every((t) => t(subject))
}
