/** Text with macros, `%{TX.score}`: parsed once, filled in per request. */

export type Macro = { readonly collection: string; readonly key: string | undefined }
export type Template =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'parts'; readonly parts: readonly (string | Macro)[] }

const macro = /%\{([^}]+)\}/g

export function templateOf(text: string): Template {
  const parts: (string | Macro)[] = []
  let from = 0
  for (const found of text.matchAll(macro)) {
    if (found.index > from) parts.push(text.slice(from, found.index))
    parts.push(macroOf(found[1]!))
    from = found.index + found[0].length
  }
  if (parts.length === 0) return { kind: 'text', text }
  if (from < text.length) parts.push(text.slice(from))
  return { kind: 'parts', parts }
}

/** `TX.score` or `TX:score`; names without case. */
function macroOf(text: string): Macro {
  const dot = text.search(/[.:]/)
  if (dot === -1) return { collection: text.toUpperCase(), key: undefined }
  return { collection: text.slice(0, dot).toUpperCase(), key: text.slice(dot + 1).toLowerCase() }
}

/** Whoever knows the values: the transaction. A macro that has none is empty. */
export type Lookup = (collection: string, key: string | undefined) => string | undefined

export function fill(template: Template, lookup: Lookup): string {
  if (template.kind === 'text') return template.text
  let text = ''
  for (const part of template.parts) text += typeof part === 'string' ? part : (lookup(part.collection, part.key) ?? '')
  return text
}
