/**
 * The policy again, as slowly and plainly as can be: every rule, every workload, every address looked at one by one,
 * with JavaScript's RegExp. What the indexed implementation says must be what this says.
 */
import { parseAddress } from '../address.ts'
import { covers, isHttp } from '../applications.ts'
import type { Criterion, Flow, HttpMatch, HttpRequest, Rule, Workload, World } from '../model.ts'

const number = (ip: string) => {
  const { family, value } = parseAddress(ip)!
  return { family, value }
}

function inEntry(entry: string, ip: string): boolean {
  const at = number(ip)
  if (entry.includes('-')) {
    const [first, last] = entry.split('-').map(number)
    return first!.family === at.family && first!.value <= at.value && at.value <= last!.value
  }
  const [base, length] = entry.split('/')
  const block = parseAddress(base!)
  if (block === undefined || block.family !== at.family) return false
  const bits = block.family === 4 ? 32 : 128
  const shift = BigInt(bits - Number(length ?? bits))
  return block.value >> shift === at.value >> shift
}

const glob = (pattern: string): RegExp =>
  new RegExp(`^${[...pattern].map((c) => (c === '*' ? '.*' : c === '?' ? '.' : c.replace(/\W/, '\\$&'))).join('')}$`, 's')

function holds({ key, op, value }: Criterion, w: Workload, world: World): boolean {
  const namespace = world.inventory.namespaces.find((n) => n.name === w.namespace)
  const values: Record<string, string | undefined> = {
    namespace: w.namespace,
    service: w.owner.name,
    workload: w.name,
    image: w.image,
    'label.app': w.labels['app'],
    'nsLabel.team': namespace?.labels['team'],
  }
  const seen = values[key]
  if (seen === undefined) return op === '!=' || op === '!~'
  switch (op) {
    case '=':
      return glob(value).test(seen)
    case '!=':
      return !glob(value).test(seen)
    case '@':
      return seen.includes(value)
    case '^':
      return seen.startsWith(value)
    case '~':
      return new RegExp(value).test(seen)
    case '!~':
      return !new RegExp(value).test(seen)
  }
}

export function isMember(criteria: readonly Criterion[], w: Workload, world: World): boolean {
  if (criteria.length === 0) return false
  const keys = [...new Set(criteria.map((c) => c.key))]
  return keys.every((key) => {
    const same = criteria.filter((c) => c.key === key)
    const results = same.map((c) => holds(c, w, world))
    const negative = same.every((c) => c.op === '!=' || c.op === '!~')
    return negative ? !results.includes(false) : results.includes(true)
  })
}

const isName = (entry: string) => /[a-z]/.test(entry) && !entry.includes(':')

function wanted(pattern: string, name: string): boolean {
  return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) && name !== pattern.slice(2) : pattern === name
}

/** Every group an address is in, for a connection that asks for this name (undefined: none). */
export function groupsAt(ip: string, serverName: string | undefined, world: World): ReadonlySet<string> {
  const { inventory, policy } = world
  const groups = new Set(['any'])
  const isNode = inventory.nodes.some((n) => n.ips.includes(ip))
  const owners = inventory.workloads.filter((w) => w.ips.includes(ip))
  const inPods = inventory.podCidrs.some((c) => inEntry(c, ip))
  const workload = isNode || owners.length !== 1 ? undefined : owners[0]
  const dns = workload ? workload.ips.some((i) => inventory.dnsServers.includes(i)) : inventory.dnsServers.includes(ip)
  if (!isNode && !workload && (owners.length > 1 || (inPods && !dns))) return groups.add('unknown')
  if (isNode) groups.add('nodes')
  if (dns) groups.add('dns')
  if (!isNode && !workload && !dns) groups.add('external')
  if (workload) {
    groups.add(`nv.${workload.owner.name}.${workload.namespace}`)
    if (workload.managed) groups.add('containers')
    for (const g of policy.groups) if (g.kind === 'custom' && isMember(g.criteria, workload, world)) groups.add(g.name)
  }
  if (workload?.managed) return groups
  const name = serverName?.replace(/:\d+$/, '').toLowerCase()
  for (const g of policy.groups) {
    if (g.kind !== 'address') continue
    const named = g.addresses.some((a) => isName(a) && name !== undefined && wanted(a, name))
    if (g.addresses.some((a) => !isName(a) && inEntry(a, ip))) groups.add(g.name)
    if (named && name !== undefined && inventory.resolved[name]?.includes(ip)) groups.add(g.name)
  }
  return groups
}

function pathFits(pattern: string, path: string): boolean {
  const text = path.replace(/;[^/]*/g, '')
  const open = pattern.endsWith('/*')
  const body = (open ? pattern.slice(0, -2) : pattern).replace(/\{[^}]*\}/g, '[^/]+')
  return new RegExp(`^${body}${open ? '(/.*)?' : ''}$`).test(text)
}

function requestFits(m: HttpMatch, r: HttpRequest): boolean {
  const host = r.host.toLowerCase().replace(/:\d+$/, '')
  const some = <T>(list: readonly T[], test: (one: T) => boolean) => list.length === 0 || list.some(test)
  return (
    some(m.methods, (x) => x === r.method) &&
    some(m.paths, (x) => pathFits(x, r.path)) &&
    some(m.hosts, (x) => wanted(x, host)) &&
    some(m.headers, (h) => h.name in r.headers && ('present' in h || ('exact' in h && r.headers[h.name] === h.exact))) &&
    some(m.grpc, (g) => r.grpc?.startsWith(g.replace('*', '')) ?? false)
  )
}

const isAny = (m: HttpMatch) => Object.values(m).every((part) => part.length === 0)
const looksAtPath = (r: Rule) => r.http.some((m) => m.paths.length + m.grpc.length > 0)

/** The rule that decides a flow of which everything is known; undefined: the default. */
export function firstRule(flow: Flow, world: World): Rule | undefined {
  const name = flow.serverName ?? flow.http?.host
  const source = groupsAt(flow.source, undefined, world)
  const destination = groupsAt(flow.destination, name, world)
  const always = groupsAt(flow.destination, undefined, world)
  const application = flow.application!
  const open = world.policy.rules.filter(
    (r) =>
      !r.disabled &&
      source.has(r.from) &&
      (r.ports.length === 0 || r.ports.some((p) => p.protocol === flow.protocol && flow.port >= p.from && flow.port <= p.to)),
  )
  if (flow.http && /%2f/i.test(flow.http.path)) {
    const possible = open.filter((r) => always.has(r.to) || couldBeNamed(flow.destination, r.to, world))
    const end = possible.findIndex(
      (r) =>
        always.has(r.to) &&
        (r.applications.length === 0 || r.applications.includes('http')) &&
        (r.http.length === 0 || r.http.some(isAny)),
    )
    if ((end < 0 ? possible : possible.slice(0, end)).some(looksAtPath)) return undefined
  }
  return open.find(
    (r) =>
      destination.has(r.to) &&
      (r.applications.length === 0 || r.applications.some((a) => covers(a, application))) &&
      (r.http.length === 0 ||
        (isHttp(application) && r.http.some((m) => isAny(m) || (flow.http !== undefined && requestFits(m, flow.http))))),
  )
}

function couldBeNamed(ip: string, group: string, world: World): boolean {
  return Object.keys(world.inventory.resolved).some((name) => groupsAt(ip, name, world).has(group))
}
