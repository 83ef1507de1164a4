/** Amounts of CPU and memory as Kubernetes writes them. */
const units: Readonly<Record<string, number>> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
}

/** Cores, or bytes; undefined where the text is none (exponents and units past `Gi` are none for a sidecar). */
export function quantity(text: string): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,9})?)(m|k|M|G|Ki|Mi|Gi)?$/.exec(text)
  return match === null ? undefined : Number(match[1]) * units[match[2] ?? '']!
}
