/**
 * The verdict on a flow. First match wins, in the order of the list, whatever becomes known first: a rule that might
 * still match (its application, request or server name is not known yet) is never skipped. Only when every way the
 * connection can go on ends the same is that the verdict at connect; otherwise it is `undecided`.
 * Pure: same flow and directory, same verdict. A flow that no rule matches is denied by `default`; the mode says what
 * becomes of a deny.
 */
import type { Known, Walk } from './continuations.ts'
import { continuations, endings } from './continuations.ts'
import type { Directory } from './directory.ts'
import type { Endpoint, Flow, Miss, Mode, Outcome, Rule, Verdict } from './model.ts'
import { defaultRuleId } from './model.ts'
import { bindingsFor } from './profiles.ts'
import { firstMisfit, matchesPorts } from './rule.ts'

/** A trace lists this many misses and counts the rest: events carry it. */
export const maxMisses = 100

/** Everything the rules are compared with. */
type Case = { readonly flow: Flow; readonly source: Endpoint; readonly destination: Endpoint; readonly known: Known }

function look(flow: Flow, directory: Directory): Case {
  const serverName = flow.serverName ?? flow.http?.host
  const source = directory.endpoint(flow.source)
  const destination = directory.endpoint(flow.destination, serverName)
  const byName = directory.namedGroups(flow.destination)
  const named = serverName === undefined ? byName : []
  const { application, http } = flow
  return { flow, source, destination, known: { application, http, named, byName } }
}

function candidates({ source, destination, known }: Case, directory: Directory): readonly Rule[] {
  return directory.rules.between(source.groups, [...destination.groups, ...known.named])
}

/** The earliest rule that any walk can meet: what an open decision waits for. */
function earliest(rules: readonly Rule[], walks: readonly Walk[]): Rule | undefined {
  const met = new Set(walks.flatMap(({ maybe, last }) => [...maybe, last]))
  return rules.find((rule) => met.has(rule))
}

/** `rule`: the one people are told of. `open`: it may be the default that decides, where they are told of a rule. */
type Ruling = { readonly policy: Outcome; readonly rule: Rule | undefined; readonly open: boolean }

function judge(rules: readonly Rule[], known: Known): Ruling {
  const walks = continuations(rules, known)
  const [ending, ...others] = endings(walks)
  const open = walks.some(({ last }) => last === undefined)
  if (others.length > 0) return { policy: 'undecided', rule: earliest(rules, walks), open }
  // A deny that all share: people are told the first rule that may be meant, not the default behind it.
  return { policy: ending!, rule: ending === 'deny' ? earliest(rules, walks) : walks[0]!.last, open }
}

function missesBefore(rule: Rule | undefined, rules: readonly Rule[], { flow, source, destination }: Case) {
  const before = rule === undefined ? rules : rules.slice(0, rules.indexOf(rule))
  const seen = { flow, from: source.groups, to: destination.groups }
  return before.map((r): Miss => ({ rule: r.id, field: firstMisfit(r, seen) }))
}

/** What may yet come to the default is no violation of a rule: in Discover it is not held against anybody. */
function consequence({ policy, open }: Ruling, mode: Mode): Verdict['consequence'] {
  if (policy !== 'deny') return 'none'
  return open && mode === 'discover' ? 'learn' : 'violation'
}

function sensors({ source, destination }: Case, directory: Directory): Pick<Verdict['trace'], 'sensors'> {
  const { waf, dlp } = bindingsFor(directory.world.policy, source, destination)
  return waf.length + dlp.length > 0 ? { sensors: { waf, dlp } } : {}
}

function verdict(ruling: Ruling, it: Case, directory: Directory, misses: readonly Miss[]): Verdict {
  const { decidedBy, ...mode } = directory.effectiveMode(it.source, it.destination)
  const listed = misses.slice(0, maxMisses)
  return {
    policy: ruling.policy,
    enforced: mode.mode === 'protect' ? ruling.policy : 'allow',
    rule: ruling.rule?.id ?? defaultRuleId,
    mode,
    decidedBy,
    consequence: decidedBy === 'none' ? 'none' : consequence(ruling, mode.mode),
    trace: {
      source: it.source,
      destination: it.destination,
      misses: listed,
      ...(misses.length > listed.length ? { moreMisses: misses.length - listed.length } : {}),
      ...(decidedBy === 'none' ? {} : sensors(it, directory)),
    },
  }
}

function answer(flow: Flow, directory: Directory, listed: (between: readonly Rule[]) => readonly Rule[]): Verdict {
  const it = look(flow, directory)
  const between = candidates(it, directory)
  const open = between.filter((r) => !r.disabled && matchesPorts(r.ports, flow.port, flow.protocol))
  const ruling = judge(open, it.known)
  return verdict(ruling, it, directory, missesBefore(ruling.rule, listed(between), it))
}

/** The trace's misses are earlier rules between groups of the two ends; a rule between others is not worth a line. */
export function decide(flow: Flow, directory: Directory): Verdict {
  return answer(flow, directory, (between) => between)
}

/** The same verdict, for people who ask why: the trace's misses are every earlier rule of the list. */
export function explain(flow: Flow, directory: Directory): Verdict {
  return answer(flow, directory, () => directory.rules.rules)
}
