/** A dry run: which recorded flows a draft of the policy would treat differently. Pure; changes nothing. */
import { decide } from './decide.ts'
import { directory } from './directory.ts'
import type { Flow, Verdict, World } from './model.ts'

/** A flow that was seen, and how often. */
export type RecordedFlow = { readonly flow: Flow; readonly count: number }
export type Change = RecordedFlow & { readonly before: Verdict; readonly after: Verdict }

const differs = (before: Verdict, after: Verdict): boolean =>
  before.policy !== after.policy || before.enforced !== after.enforced

/** What hurts first: refused from now on, then what becomes a violation, then what is let in, then the rest. */
function weight({ before, after }: Change): number {
  if (before.enforced !== after.enforced) return after.enforced === 'deny' ? 0 : 2
  return after.policy === 'deny' ? 1 : 3
}

/** Flows whose policy or enforced outcome changes, with the reasons of both sides; the gravest and most frequent first. */
export function preview(flows: readonly RecordedFlow[], current: World, draft: World): readonly Change[] {
  const now = directory(current)
  const then = directory(draft, now)
  return flows
    .map(({ flow, count }): Change => ({ flow, count, before: decide(flow, now), after: decide(flow, then) }))
    .filter(({ before, after }) => differs(before, after))
    .sort((a, b) => weight(a) - weight(b) || b.count - a.count)
}
