/**
 * C, HTML and SQL comments go; one that is not closed leaves a blank, as does `--` or `#` with all that follows. Where a
 * comment ends the value, ModSecurity leaves its terminating NUL there, and so do we.
 */
export function removeComments(value: string): string {
  if (!/\/\*|<!--|--|#/.test(value)) return value
  const opening = /\/\*|<!--|--|#/g
  let kept = ''
  let at = 0
  for (;;) {
    opening.lastIndex = at
    const open = opening.exec(value)
    if (!open) return kept + value.slice(at)
    kept += value.slice(at, open.index)
    if (open[0] === '--' || open[0] === '#') return `${kept} `
    const end = endOfComment(value, open.index + open[0].length)
    if (end === undefined) return `${kept} `
    if (end === value.length) return `${kept}\0`
    at = end
  }
}

/** Either kind of comment ends at either mark. */
function endOfComment(value: string, from: number): number | undefined {
  const closing = /\*\/|-->/g
  closing.lastIndex = from
  return closing.exec(value) ? closing.lastIndex : undefined
}
