import type { Policy } from '../policy/model.ts'
import type { Store } from './model.ts'

/** Everything people decided, as it is now. A document keeps its identity while it is unchanged. */
export function storedPolicy(store: Store): Policy {
  return {
    groups: store.read('groups').value,
    rules: store.read('rules').value,
    settings: store.read('settings').value,
    ignored: store.read('ignored').value,
    wafSensors: store.read('wafSensors').value,
    dlpSensors: store.read('dlpSensors').value,
    inspections: store.read('inspections').value,
  }
}
