/** The Kubernetes resources of a YAML file: documents and `List` kinds as one list, each with its place. */
import { parseAllDocuments } from 'yaml'
import type { Problem } from '../../xds-server/policy/model.ts'
import { InputProblems } from '../problems.ts'

export type Resource = {
  readonly kind: string
  readonly content: unknown
  /** `documents[0].items[2]`. */
  readonly path: string
}

/** YAML aliases of one document; more are an attack ("billion laughs"), never a resource. */
const maxAliasCount = 100

/** Throws `InputProblems` for what is no YAML. */
export function resourcesOf(text: string): readonly Resource[] {
  const documents = parseAllDocuments(text)
  if (!Array.isArray(documents)) return []
  const problems = documents.flatMap(({ errors }, i) => errors.map((error) => problemOf(error, i)))
  if (problems.length > 0) throw new InputProblems(problems)
  return documents.flatMap((document, i) => {
    const content: unknown = document.toJS({ maxAliasCount })
    return content === null ? [] : unfolded(content, `documents[${i}]`)
  })
}

function problemOf(
  {
    message,
    linePos,
  }: { readonly message: string; readonly linePos?: readonly { readonly line: number }[] | undefined },
  document: number,
): Problem {
  const place = linePos?.[0] === undefined ? `documents[${document}]` : `line ${linePos[0].line}`
  return { path: place, message: message.split('\n')[0]!.replace(/:$/, '') }
}

/** `kubectl get -o yaml` gives a List; NeuVector's export does, too. Lists in lists are none of theirs. */
function unfolded(content: unknown, path: string): readonly Resource[] {
  const { kind, items } = content as { readonly kind?: unknown; readonly items?: unknown }
  const one = { kind: String(kind ?? ''), content, path }
  if (!one.kind.endsWith('List') || !Array.isArray(items)) return [one]
  return items.map((item: unknown, i) => {
    return { kind: String((item as { kind?: unknown } | null)?.kind ?? ''), content: item, path: `${path}.items[${i}]` }
  })
}
