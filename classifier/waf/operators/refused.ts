/** Operators of ModSecurity that we do not have, each with its reason. */
import type { OperatorFactory } from './operator.ts'

const refused =
  (message: string): OperatorFactory =>
  () => ({ message })

export const fuzzyHash = refused('it needs ssdeep, which we do not have')
export const geoLookup = refused('it needs a database of places, which we do not have')
export const gsbLookup = refused("it needs Google's Safe Browsing, and a verdict must not wait for the network")
export const inspectFile = refused('it runs a program per request, which we never do')
export const rbl = refused('it asks a DNS list, and a verdict must not wait for the network')
export const rsub = refused('it rewrites bodies, which rules can not do here')
export const validateDTD = refused('it needs an XML validator, which we do not have')
export const validateHash = refused("it needs ModSecurity v2's hash engine, which v3 does not have either")
