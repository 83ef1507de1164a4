/** The parts of a rule as options, for `rules add`, `insert` and `edit`. What they mean, the API judges. */
import { type Command, Option } from 'commander'
import { collect, collectList } from './values.ts'

export type RuleOptions = {
  readonly from?: string
  readonly to?: string
  readonly app?: readonly string[]
  readonly port?: readonly string[]
  readonly method?: readonly string[]
  readonly path?: readonly string[]
  readonly host?: readonly string[]
  readonly header?: readonly string[]
  readonly grpc?: readonly string[]
  readonly allow?: boolean
  readonly deny?: boolean
  readonly comment?: string
}

export function withRuleOptions(command: Command): Command {
  return command
    .option('--from <group>', 'source group')
    .option('--to <group>', 'destination group')
    .option('--app <names>', 'applications, such as http,redis (default: any)', collectList)
    .option('--port <ports>', 'such as 80,8500-8508,udp/53 (default: any)', collect)
    .option('--method <methods>', 'HTTP methods, such as GET,POST', collectList)
    .option('--path <path>', 'exact /a, prefix /a/*, template /votes/{id}; may be repeated', collect)
    .option('--host <host>', 'example.com or *.example.com; may be repeated', collect)
    .option('--header <header>', 'name, name=value or name^=prefix; may be repeated (all must fit)', collect)
    .option('--grpc <method>', 'package.Service/Method or package.Service/*; may be repeated', collect)
    .addOption(new Option('--allow', 'let it pass').conflicts('deny'))
    .option('--deny', 'refuse it')
    .option('--comment <text>', 'why')
}

/** The rule's document with only the parts that were given. */
export function ruleParts(options: RuleOptions): Record<string, unknown> {
  const { from, to, app, port, comment, allow, deny } = options
  const http = httpPart(options)
  const action = allow ? 'allow' : deny ? 'deny' : undefined
  const parts = { from, to, applications: app, ports: port?.join(','), http: http && [http], action, comment }
  return given(parts)
}

function httpPart({ method, path, host, header, grpc }: RuleOptions): Record<string, unknown> | undefined {
  const part = given({ methods: method, paths: path, hosts: host, headers: header?.map(headerMatch), grpc })
  return Object.keys(part).length === 0 ? undefined : part
}

const given = (parts: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined))

/** `name`, `name=value`, `name^=prefix`; a header name has neither `=` nor, before it, a `^` of its own. */
function headerMatch(text: string): Record<string, unknown> {
  const [, name = text, operator, value = ''] = /^([^=^]+)(\^?=)(.*)$/s.exec(text) ?? []
  if (operator === undefined) return { name, present: true }
  return operator === '=' ? { name, exact: value } : { name, prefix: value }
}
