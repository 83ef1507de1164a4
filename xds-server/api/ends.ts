/** Which address stands for what a person typed: an address itself, a pod, or a group by one of its members. Pure. */
import { canonicalAddress, formatAddress, parseCidr } from '../policy/address.ts'
import type { Directory } from '../policy/directory.ts'
import type { Parsed, Workload } from '../policy/model.ts'

export type End = {
  readonly text: string
  readonly ip: string
  /** In words: `first of 4 members of web`. */
  readonly meaning: string
  /** The server name that must be asked for, where the group is one of names. */
  readonly serverName?: string
}

/** TEST-NET-3 (RFC 5737): nobody's address, so it stands best for `external`. */
const outsideSample = '203.0.113.1'

/** Addresses first, then pods, then groups; `path` is where the problem is. */
export function resolveEnd(text: string, path: string, directory: Directory): Parsed<End> {
  const ip = canonicalAddress(text)
  if (ip !== undefined) return { ok: true, value: { text, ip, meaning: 'an address' } }
  const pods = podsCalled(text, directory)
  if (pods.length > 1) return refuse(path, `several pods are called ${text}: ${pods.map(fullName).join(', ')}`)
  if (pods[0] !== undefined) return podEnd(text, path, pods[0])
  const member = memberOf(text, directory)
  return member === undefined
    ? refuse(path, `no pod, group with an address, or address is called ${text}`)
    : { ok: true, value: member }
}

const refuse = (path: string, message: string): Parsed<never> => ({ ok: false, problems: [{ path, message }] })
const fullName = (workload: Workload): string => `${workload.namespace}/${workload.name}`

/** By id or full name there is one; by name alone there may be one in each namespace. */
function podsCalled(text: string, { world }: Directory): readonly Workload[] {
  const { workloads } = world.inventory
  const exact = workloads.find((w) => w.id === text || fullName(w) === text)
  return exact ? [exact] : workloads.filter((w) => w.name === text)
}

function podEnd(text: string, path: string, pod: Workload): Parsed<End> {
  const ip = pod.ips[0]
  if (ip === undefined) return refuse(path, `${fullName(pod)} has no address now`)
  return { ok: true, value: { text, ip, meaning: `pod ${fullName(pod)}` } }
}

function memberOf(group: string, directory: Directory): End | undefined {
  return workloadOf(group, directory) ?? addressOf(group, directory) ?? nameOf(group, directory)
}

function workloadOf(group: string, directory: Directory): End | undefined {
  const members = directory.members(group).filter((w) => w.ips.length > 0)
  const [first] = members
  if (first === undefined) return undefined
  const meaning =
    members.length === 1 ? `the only member, ${first.name}` : `${first.name}, first of ${members.length} members`
  return { text: group, ip: first.ips[0]!, meaning }
}

/** The first address of a block that is in the group; a longer block inside may make its very first one something else. */
function addressOf(group: string, directory: Directory): End | undefined {
  const blocks = directory.prefixes().filter((p) => p.groups.includes(group))
  const found = [outsideSample, ...blocks.flatMap((p) => samplesOf(p.cidr))].find((ip) =>
    directory.endpoint(ip).groups.includes(group),
  )
  return found === undefined ? undefined : { text: group, ip: found, meaning: `an address of ${group}` }
}

function samplesOf(cidr: string): readonly string[] {
  const block = parseCidr(cidr)!
  return [block.value, block.value + 1n].map((value) => formatAddress({ family: block.family, value }))
}

function nameOf(group: string, directory: Directory): End | undefined {
  const found = directory.namesOf(group).find((n) => n.addresses.length > 0)
  if (found === undefined) return undefined
  return { text: group, ip: found.addresses[0]!, meaning: `what ${found.name} resolved to`, serverName: found.name }
}
