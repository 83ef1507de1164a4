/** Ports as text predicates: Envoy's matchers see a port as decimal digits and have no ranges. */
import type { PortRange } from '../policy/model.ts'
import type { Predicate } from './matching.ts'
import { anyOf, equals, inputs, matches } from './matching.ts'

type Range = { readonly from: number; readonly to: number }

/** `[from-to]` of one digit. */
const digit = (from: number, to: number): string => (from === to ? `${from}` : `[${from}-${to}]`)
const anyDigits = (count: number): string => (count === 0 ? '' : count === 1 ? '[0-9]' : `[0-9]{${count}}`)

/** Numbers of equally many digits: a shared head, then each way the next digit can be inside the range. */
function sameLength(from: string, to: string): readonly string[] {
  if (from === '') return ['']
  const [low, high, rest] = [Number(from[0]), Number(to[0]), from.length - 1]
  const [lowRest, highRest] = [from.slice(1), to.slice(1)]
  if (low === high) return sameLength(lowRest, highRest).map((tail) => `${low}${tail}`)
  const fullLow = /^0*$/.test(lowRest)
  const fullHigh = /^9*$/.test(highRest)
  const [first, last] = [fullLow ? low : low + 1, fullHigh ? high : high - 1]
  return [
    ...(fullLow ? [] : sameLength(lowRest, '9'.repeat(rest)).map((tail) => `${low}${tail}`)),
    ...(first > last ? [] : [`${digit(first, last)}${anyDigits(rest)}`]),
    ...(fullHigh ? [] : sameLength('0'.repeat(rest), highRest).map((tail) => `${high}${tail}`)),
  ]
}

function rangePatterns({ from, to }: Range): readonly string[] {
  const patterns: string[] = []
  for (let low = from; low <= to; ) {
    const high = Math.min(to, 10 ** String(low).length - 1)
    patterns.push(...sameLength(String(low), String(high)))
    low = high + 1
  }
  return patterns
}

/** Matches exactly the decimal text of the ports in this range. */
export function rangeRegex(range: Range): string {
  return rangePatterns(range).join('|')
}

function rangePredicate(range: Range): Predicate {
  const { destinationPort } = inputs
  return range.from === range.to
    ? equals(destinationPort, `${range.from}`)
    : matches(destinationPort, rangeRegex(range))
}

/** At least one range. */
export function portsPredicate(ranges: readonly Range[]): Predicate {
  return anyOf(ranges.map(rangePredicate))
}

/** The TCP ranges among them: the proxy sees nothing else. */
export function tcpRanges(ports: readonly PortRange[]): readonly PortRange[] {
  return ports.filter((range) => range.protocol === 'tcp')
}

export function includesPort(ranges: readonly Range[], port: number): boolean {
  return ranges.some((range) => port >= range.from && port <= range.to)
}

/** The fewest ranges of ports that `wanted` says yes to, given that it only changes at the edges of `ranges`. */
export function portsWhere(ranges: readonly Range[], wanted: (port: number) => boolean): readonly Range[] {
  const edges = [...new Set([1, ...ranges.flatMap((range) => [range.from, range.to + 1]), 65_536])].sort(
    (a, b) => a - b,
  )
  const found: Range[] = []
  for (const [i, from] of edges.slice(0, -1).entries()) {
    const to = edges[i + 1]! - 1
    if (!wanted(from)) continue
    const last = found.at(-1)
    if (last?.to === from - 1) found[found.length - 1] = { from: last.from, to }
    else found.push({ from, to })
  }
  return found
}
