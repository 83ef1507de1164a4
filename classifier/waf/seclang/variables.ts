/** The first argument of SecRule: `ARGS|!ARGS:foo|&TX:bar|REQUEST_COOKIES:/^_ga/`. */
import { compileRegex } from '../rx/regex.ts'
import { collections } from './collections.ts'
import type { Selector, Target, Variable } from './model.ts'

export type Variables = { readonly targets: readonly Target[]; readonly exclusions: readonly Variable[] }

/** Throws an Error that says what is wrong. */
export function parseVariables(text: string): Variables {
  const targets: Target[] = []
  const exclusions: Variable[] = []
  for (const part of parts(text)) {
    if (part.startsWith('!')) exclusions.push(parseVariable(part.slice(1)))
    else if (part.startsWith('&')) targets.push({ ...parseVariable(part.slice(1)), count: true })
    else targets.push({ ...parseVariable(part), count: false })
  }
  return { targets, exclusions }
}

/** Split at `|` and, in old rules, at `,`; a pattern `:/…/` or `:'/…/'` may have either. */
function parts(text: string): string[] {
  const found: string[] = []
  let rest = text.trim()
  while (rest !== '') {
    const pattern = /^[!&]?(?!XML:)\w+:(?:'\/(?:\\.|[^/])*\/'|\/(?:\\.|[^/\\])*\/)/.exec(rest)
    const end = pattern ? pattern[0].length : nextBar(rest)
    found.push(rest.slice(0, end).trim())
    rest = rest.slice(end).replace(/^\s*[|,]\s*/, '')
  }
  return found
}

function nextBar(text: string): number {
  const bar = text.search(/[|,]/)
  return bar === -1 ? text.length : Math.max(bar, 1)
}

export function parseVariable(text: string): Variable {
  const colon = text.indexOf(':')
  const collection = (colon === -1 ? text : text.slice(0, colon)).toUpperCase()
  if (!collections.has(collection)) throw new Error(`there is no variable ${collection}`)
  return { collection, selector: colon === -1 ? { kind: 'all' } : selectorOf(collection, text.slice(colon + 1)) }
}

const xmlPaths = ['/*', '//@*']

function selectorOf(collection: string, text: string): Selector {
  const bare = /^'(.*)'$/.exec(text)?.[1] ?? text
  if (collection === 'XML' && !xmlPaths.includes(bare))
    throw new Error(`XML knows ${xmlPaths.join(' and ')} only, not ${bare}`)
  const source = collection === 'XML' ? undefined : /^\/(.*)\/$/.exec(bare)?.[1]
  if (source === undefined) return { kind: 'key', key: bare.toLowerCase() }
  return { kind: 'pattern', source, regex: compileRegex(source, { ignoreCase: true }) }
}
