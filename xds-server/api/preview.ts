/** What a draft would have meant for the last hour: which conversations it decides otherwise, counted by what matters. */
import type { Policy } from '../policy/model.ts'
import { type Change, preview } from '../policy/preview.ts'
import { storedPolicy } from '../store/policy.ts'
import type { Backend } from './backend.ts'

/** A person reads the gravest first; past this many the counts still say how many there are. */
const maxChanges = 1_000

/** What is refused on both sides is no change. */
const isDenied = ({ after }: Change): boolean => after.enforced === 'deny'
const isAllowed = ({ before }: Change): boolean => before.enforced === 'deny'
/** The draft denies it, and the mode lets it pass. */
const isViolation = ({ before, after }: Change): boolean =>
  before.policy !== 'deny' && after.policy === 'deny' && after.enforced !== 'deny'

export function previewOf(backend: Backend, draft: Policy) {
  const { inventory } = backend.directory().world
  const flows = backend.recordedFlows()
  const changes = preview(flows, { inventory, policy: storedPolicy(backend.store) }, { inventory, policy: draft })
  return {
    tried: flows.length,
    denied: counted(changes.filter(isDenied)),
    violations: counted(changes.filter(isViolation)),
    allowed: counted(changes.filter(isAllowed)),
    changes: changes.slice(0, maxChanges),
  }
}

const counted = (changes: readonly Change[]) => ({
  conversations: changes.length,
  connections: changes.reduce((sum, { count }) => sum + count, 0),
})
