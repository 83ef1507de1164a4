/** Durations and times as people type and read them. */
import { InvalidArgumentError } from 'commander'

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `10m`, `2h`, `7d` in milliseconds; a commander argument parser. */
export function duration(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text)
  if (!match) throw new InvalidArgumentError('Write it like 90s, 10m, 2h or 7d.')
  return Number(match[1]) * units[match[2]!]!
}

/** How long ago, in the largest unit that is at least 1: `12s`, `3m`, `2h`, `5d`. */
export function ago(then: number, now: number): string {
  const passed = Math.max(0, now - then)
  const unit = (['d', 'h', 'm'] as const).find((u) => passed >= units[u]!) ?? 's'
  return `${Math.floor(passed / units[unit]!)}${unit}`
}

const sizes = ['B', 'K', 'M', 'G', 'T'] as const

/** Bytes with one decimal in the largest unit of 1024: `812B`, `4.1K`. */
export function size(bytes: number): string {
  const step = Math.min(sizes.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  const value = bytes / 1024 ** step
  return `${step === 0 ? value : value.toFixed(1)}${sizes[step]}`
}
