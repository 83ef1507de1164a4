/** The `http` part of a rule: alternatives of methods, paths, hosts, headers and gRPC methods. */
import { parseAddress } from './address.ts'
import { isHostPattern } from './fqdn.ts'
import { pathPatternProblem } from './http-path.ts'
import type { HeaderMatch, HttpMatch } from './model.ts'
import type { Reader } from './parse.ts'
import { anyText, list, optional, required, struct, text } from './parse.ts'

/** Alternatives of one rule, and members of one list of an alternative. Each becomes a matcher in every sidecar. */
const maxAlternatives = 64
const maxMembers = 256

const method = text((value) => {
  const upper = value.toUpperCase()
  return /^[A-Z][A-Z-]*$/.test(upper) ? { value: upper } : { wrong: `\`${value}\` is no method` }
}, 32)

const path = text((value) => {
  const wrong = pathPatternProblem(value)
  return wrong === undefined ? { value } : { wrong }
})

const isAddress = (host: string): boolean => parseAddress(host.replace(/^\[(.*)\]$/, '$1')) !== undefined

const host = text((value) => {
  const lower = value.toLowerCase().replace(/\.$/, '')
  if (isHostPattern(lower) || isAddress(lower)) return { value: lower }
  const port = /:[0-9]+$/.test(lower) ? ' (write it without its port: hosts are compared without)' : ''
  return { wrong: `\`${value}\` is no host name${port}` }
})

const headerName = text((value) => {
  const lower = value.toLowerCase()
  if (lower.includes('_')) return { wrong: 'has a _: Envoy refuses requests with such headers' }
  if (lower === 'host') return { wrong: 'is compared by `hosts`' }
  return /^[a-z0-9!#$%&'*+.^`|~-]+$/.test(lower) ? { value: lower } : { wrong: `\`${value}\` is no header name` }
}, 128)

const headerReaders: Readonly<Record<string, Reader<HeaderMatch>>> = {
  exact: struct<{ name: string; exact: string }>({ name: required(headerName), exact: required(anyText()) }),
  prefix: struct<{ name: string; prefix: string }>({ name: required(headerName), prefix: required(anyText()) }),
  present: struct<{ name: string; present: true }>({
    name: required(headerName),
    present: required((input, where, problems) =>
      input === true ? true : void problems.push({ path: where, message: 'can only be true' }),
    ),
  }),
}

/** Which of the three it is, is told by the member it has; two at once are refused as an unknown field. */
const header: Reader<HeaderMatch> = (input, where, problems) => {
  const kinds = Object.keys(headerReaders)
  const kind = kinds.find((k) => typeof input === 'object' && input !== null && Object.hasOwn(input, k))
  if (kind !== undefined) return headerReaders[kind]!(input, where, problems)
  return void problems.push({ path: where, message: `must be an object with name and one of ${kinds.join(', ')}` })
}

const grpc = text((value) =>
  /^[A-Za-z_][A-Za-z0-9_.]*\/(\*|[A-Za-z_][A-Za-z0-9_]*)$/.test(value)
    ? { value }
    : { wrong: `\`${value}\` is no gRPC method; write package.Service/Method or package.Service/*` },
)

const alternative = struct<HttpMatch>({
  methods: optional(list(method, maxMembers), []),
  paths: optional(list(path, maxMembers), []),
  hosts: optional(list(host, maxMembers), []),
  headers: optional(list(header, maxMembers), []),
  grpc: optional(list(grpc, maxMembers), []),
})

export const readHttp: Reader<readonly HttpMatch[]> = list(alternative, maxAlternatives)
