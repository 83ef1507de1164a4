/** Decisions explained, by `decide()` itself, with every earlier rule: what the CLI shows is what the sidecars do. */
import { isHttp } from '../../policy/applications.ts'
import { explain } from '../../policy/decide.ts'
import { normalisePath } from '../../policy/http-path.ts'
import type { HttpRequest, Parsed } from '../../policy/model.ts'
import type { whyRoutes } from '../contract/why.ts'
import { type End, resolveEnd } from '../ends.ts'
import type { Call, HandlersOf } from '../handler.ts'
import { ApiError, invalid, notFound } from '../problem.ts'

type Query = Call<typeof whyRoutes.askWhy>['query']

export const whyHandlers: HandlersOf<typeof whyRoutes> = {
  askWhy: ({ query, backend }) => {
    const directory = backend.directory()
    const [source, destination] = both(
      resolveEnd(query.source, 'query.source', directory),
      resolveEnd(query.destination, 'query.destination', directory),
    )
    const { port, protocol } = query
    const flow = { source: source.ip, destination: destination.ip, port, protocol, ...asked(query, destination) }
    return { source, destination, verdict: explain(flow, directory) }
  },
  readIncident: ({ params, backend }) => {
    const [event] = backend.events({ incident: params.incident, limit: 1 })
    if (event === undefined) throw notFound(`incident ${params.incident}`)
    return { event }
  },
}

function both(source: Parsed<End>, destination: Parsed<End>): readonly [End, End] {
  if (source.ok && destination.ok) return [source.value, destination.value]
  const problems = [source, destination].flatMap((end) => (end.ok ? [] : end.problems))
  throw new ApiError('invalid', 'The ends are not clear.', { problems })
}

/** A request of which anything is said is HTTP; what is left out of it is `GET /` of no host. */
function asked(query: Query, destination: End) {
  const serverName = query.host ?? destination.serverName
  const http = requestOf(query)
  const application = query.application ?? (http && (http.grpc === undefined ? 'http' : 'grpc'))
  if (http !== undefined && application !== undefined && !isHttp(application)) {
    throw invalid('query.application', `${application} has no method, path or headers`)
  }
  return {
    ...(application !== undefined && { application }),
    ...(http !== undefined && { http }),
    ...(serverName !== undefined && { serverName }),
  }
}

function requestOf({ method, path, host, grpc, header }: Query): HttpRequest | undefined {
  if ([method, path, grpc, header].every((part) => part === undefined)) return undefined
  return {
    method: method ?? (grpc === undefined ? 'GET' : 'POST'),
    path: normalised(path ?? (grpc === undefined ? '/' : `/${grpc}`)),
    host: host ?? '',
    headers: headersOf(header),
    ...(grpc !== undefined && { grpc }),
  }
}

/** As the sidecars see it. */
function normalised(path: string): string {
  const normal = normalisePath(path)
  if (normal === undefined)
    throw invalid('query.path', `every sidecar refuses ${path} with 400, whatever the rules say`)
  return normal
}

function headersOf(header: Query['header']): HttpRequest['headers'] {
  const lines = typeof header === 'string' ? [header] : (header ?? [])
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(':')
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()]
    }),
  )
}
