/** Ports of a rule as people write them, `80,8500-8508,udp/53`, and as ranges. A bare number is TCP; `any` is all. */
import type { Parsed, PortRange } from './model.ts'

/** Ranges of one rule. */
const maxPortRanges = 100
const highestPort = 65_535

const byPlace = (a: PortRange, b: PortRange): number =>
  a.protocol === b.protocol ? a.from - b.from || a.to - b.to : a.protocol < b.protocol ? -1 : 1

/** TCP first, ascending; ranges that overlap are one. */
export function normalisePorts(ports: readonly PortRange[]): readonly PortRange[] {
  const merged: PortRange[] = []
  for (const range of [...ports].sort(byPlace)) {
    const last = merged.at(-1)
    if (last && last.protocol === range.protocol && range.from <= last.to) {
      merged[merged.length - 1] = { ...last, to: Math.max(last.to, range.to) }
    } else merged.push(range)
  }
  return merged
}

const part = /^(?:(tcp|udp)\/)?([0-9]{1,5})(?:\s*-\s*([0-9]{1,5}))?$/

function parsePart(text: string): PortRange | string {
  const found = part.exec(text)
  if (found === null) return `\`${text}\` is no port; write 80, 8500-8508 or udp/53`
  const from = Number(found[2])
  const to = Number(found[3] ?? found[2])
  if (from < 1 || to > highestPort) return `\`${text}\` is not between 1 and ${highestPort}`
  return from > to ? `\`${text}\` counts backwards` : { protocol: found[1] === 'udp' ? 'udp' : 'tcp', from, to }
}

export function parsePorts(text: string, path = ''): Parsed<readonly PortRange[]> {
  const bare = text.trim()
  if (bare === '' || bare === 'any') return { ok: true, value: [] }
  const parts = bare.split(',').map((p) => parsePart(p.trim()))
  const wrong = parts.filter((p) => typeof p === 'string')
  if (parts.length > maxPortRanges) wrong.push(`has more than ${maxPortRanges} ranges`)
  if (wrong.length > 0) return { ok: false, problems: wrong.map((message) => ({ path, message })) }
  return { ok: true, value: normalisePorts(parts as PortRange[]) }
}

function formatRange({ protocol, from, to }: PortRange): string {
  const ports = from === to ? `${from}` : `${from}-${to}`
  return protocol === 'udp' ? `udp/${ports}` : ports
}

/** `any` where there are no ranges. */
export function formatPorts(ports: readonly PortRange[]): string {
  return ports.length === 0 ? 'any' : ports.map(formatRange).join(',')
}
