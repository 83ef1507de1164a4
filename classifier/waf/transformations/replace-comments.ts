/** Each C comment becomes one blank, also one that is not closed. */
export function replaceComments(value: string): string {
  let at = value.indexOf('/*')
  if (at === -1) return value
  let kept = value.slice(0, at)
  while (at !== -1) {
    const close = value.indexOf('*/', at + 2)
    if (close === -1) return `${kept} `
    at = value.indexOf('/*', close + 2)
    kept += ` ${value.slice(close + 2, at === -1 ? undefined : at)}`
  }
  return kept
}
