/** What a match changes: TX and its like, captures, `ctl`. */
import { collections } from '../seclang/collections.ts'
import type { Control, Link, SetVariable } from '../seclang/model.ts'
import { fill, type Lookup } from '../seclang/template.ts'
import { collectionValues } from './select.ts'
import type { Transaction } from './transaction.ts'

/** Macros of this transaction. */
export const lookupIn =
  (t: Transaction): Lookup =>
  (collection, key) => {
    if (collection === 'MATCHED_VAR') return t.matched.text
    if (collection === 'MATCHED_VAR_NAME') return t.matched.name
    const store = t.store(collection, key)
    if (store) return key === undefined ? undefined : store.get(key)?.text
    if (!collections.has(collection)) return undefined
    const values = collectionValues(t, collection)
    return (key === undefined ? values[0] : values.find((value) => value.lowerKey === key))?.text
  }

export function applyEffects(t: Transaction, link: Link, lookup: Lookup): void {
  for (const change of link.setVariables) setVariable(t, change, lookup)
  for (const control of link.controls) applyControl(t, control)
}

function setVariable(t: Transaction, { collection, key, change, value }: SetVariable, lookup: Lookup): void {
  const name = fill(key, lookup)
  const lower = name.toLowerCase()
  const store = t.store(collection, lower)
  if (!store) return
  if (change === 'remove') {
    store.delete(lower)
    return
  }
  const text = fill(value, lookup)
  if (change === 'set') store.set(lower, { key: name, text })
  else {
    const before = number(store.get(lower)?.text)
    store.set(lower, { key: name, text: String(change === 'add' ? before + number(text) : before - number(text)) })
  }
}

/** As C's atoi: what is no number is 0. */
const number = (text: string | undefined): number => Number.parseInt(text ?? '', 10) || 0

const controls: { readonly [K in Control['kind']]: (t: Transaction, control: Extract<Control, { kind: K }>) => void } =
  {
    engine(t, { engine }) {
      t.engine = engine
    },
    bodyProcessor(t, { processor }) {
      t.bodyProcessor = processor
      t.forget()
    },
    forceBodyVariable(t, { on }) {
      t.forceBodyVariable = on
      t.forget()
    },
    requestBodyAccess(t, { on }) {
      t.requestBodyAccess = on
    },
    responseBodyAccess(t, { on }) {
      t.responseBodyAccess = on
    },
    removeRules(t, { rules }) {
      for (const rule of rules) t.removedRules.add(rule)
    },
    removeTarget(t, { rules, variable }) {
      for (const rule of rules) {
        const known = t.removedTargets.get(rule)
        if (known) known.push(variable)
        else t.removedTargets.set(rule, [variable])
      }
    },
    nothing() {},
  }

function applyControl(t: Transaction, control: Control): void {
  ;(controls[control.kind] as (t: Transaction, control: Control) => void)(t, control)
}
