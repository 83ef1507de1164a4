/** What the lab's resolver knows: a file of names, and the answer to a question from it. */
import { type Answer, type Query, recordTypes } from './dns-message.ts'

/** Written by the lab by rename (`dns.ts`), read by the resolver. */
export type Zone = {
  /** Zones we are the authority of; anything else is refused. */
  readonly zones: readonly string[]
  /** Lower-case name without the dot at its end → addresses, v4 and v6 mixed. */
  readonly names: Readonly<Record<string, readonly string[]>>
}

const internetClass = 1

/** `turn` goes up with every question: the first address of an answer moves on, which is how load is spread. */
export function answerTo(query: Query, zone: Zone, turn: number): Answer {
  const home = zone.zones.find((name) => query.name === name || query.name.endsWith(`.${name}`))
  if (home === undefined || query.class !== internetClass) return { code: 'refused', addresses: [] }
  const known = Object.hasOwn(zone.names, query.name) ? zone.names[query.name]! : undefined
  if (known === undefined) return { code: exists(query.name, zone) ? 'ok' : 'noSuchName', addresses: [], zone: home }
  const wanted = known.filter((address) => isWanted(address, query.type))
  if (wanted.length === 0) return { code: 'ok', addresses: [], zone: home }
  const first = turn % wanted.length
  return { code: 'ok', addresses: [...wanted.slice(first), ...wanted.slice(0, first)] }
}

function isWanted(address: string, type: number): boolean {
  if (type === recordTypes.any) return true
  return type === (address.includes(':') ? recordTypes.aaaa : recordTypes.a)
}

/** A name with names below it exists, without records: NODATA, not NXDOMAIN (RFC 8020). */
function exists(name: string, zone: Zone): boolean {
  return zone.zones.includes(name) || Object.keys(zone.names).some((known) => known.endsWith(`.${name}`))
}
