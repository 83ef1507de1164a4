import type { Policy } from '../policy/model.ts'
import type { Backend } from './backend.ts'
export function previewOf(_backend: Backend, _draft: Policy) {
  const none = { conversations: 0, connections: 0 }
  return { tried: 0, newlyDenied: none, newlyAllowed: none, changes: [] }
}
