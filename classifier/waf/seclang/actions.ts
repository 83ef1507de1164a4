/** The actions of a rule as written: `id:1,phase:2,t:none,setvar:'tx.a=+1'`. Meaning comes from `chain.ts`. */

export type Action = { readonly name: string; readonly value: string }

/** Throws an Error that says what is wrong. */
export function parseActions(text: string): readonly Action[] {
  const found: Action[] = []
  let at = 0
  while (at < text.length) {
    const rest = text.slice(at)
    const blank = /^[\s,]+/.exec(rest)?.[0].length ?? 0
    if (blank > 0) {
      at += blank
      continue
    }
    const head = /^([A-Za-z]\w*)\s*(:?)\s*/.exec(rest)
    if (!head) throw new Error(`cannot read the actions at «${rest.slice(0, 40)}»`)
    at += head[0].length
    const name = head[1]!.toLowerCase()
    if (!known.has(name)) throw new Error(`there is no action ${head[1]}`)
    const { value, length } = head[2] === ':' ? valueAt(text, at) : { value: '', length: 0 }
    at += length
    found.push({ name, value })
  }
  return found
}

function valueAt(text: string, at: number): { value: string; length: number } {
  const rest = text.slice(at)
  if (!rest.startsWith("'")) {
    const value = /^[^,]*/.exec(rest)![0]
    return { value: value.trim(), length: value.length }
  }
  const quoted = /^'((?:\\.|[^'\\])*)'/s.exec(rest)
  if (!quoted) throw new Error(`a quotation mark is not closed at «${rest.slice(0, 40)}»`)
  return { value: quoted[1]!.replaceAll("\\'", "'"), length: quoted[0].length }
}

/** Those of ModSecurity v3; what each does, or that it does nothing here, is said in `chain.ts`. */
const known: ReadonlySet<string> = new Set([
  ...['accuracy', 'allow', 'append', 'auditlog', 'block', 'capture', 'chain', 'ctl', 'deny', 'deprecatevar', 'drop'],
  ...['exec', 'expirevar', 'id', 'initcol', 'log', 'logdata', 'maturity', 'msg', 'multimatch', 'noauditlog', 'nolog'],
  ...['pass', 'pause', 'phase', 'prepend', 'proxy', 'redirect', 'rev', 'sanitisearg', 'sanitisematched'],
  ...[
    'sanitisematchedbytes',
    'sanitiserequestheader',
    'sanitiseresponseheader',
    'setenv',
    'setrsc',
    'setsid',
    'setuid',
  ],
  ...['setvar', 'severity', 'skip', 'skipafter', 'status', 't', 'tag', 'ver', 'xmlns'],
])
