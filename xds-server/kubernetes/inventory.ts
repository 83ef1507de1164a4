/**
 * Outside → `Inventory`, from a file: what the lab (or any other place without a Kubernetes API) writes by rename.
 *
 * Promises: a file is taken whole or not at all, every problem with its path; the last good inventory stays with the
 * caller. Never decides what an address means: that is policy's.
 */
import { constants, type FSWatcher, watch } from 'node:fs'
import { open } from 'node:fs/promises'
import { isIP, isIPv6, SocketAddress } from 'node:net'
import { basename, dirname } from 'node:path'
import { z } from 'zod'
import type { Inventory, Parsed, Problem } from '../policy/model.ts'

/** Past it the file is refused: 2,000 workloads take about 1 MiB. */
export const maxInventoryBytes = 64 * 1024 * 1024
/** A watch that failed (its folder went away) is set again after this long; the file is read again then too. */
const rewatchMs = 1_000

const name = z.string().min(1).max(253)
const labels = z.record(z.string().min(1).max(317), z.string().max(63))
const ip = z.string().refine(isIP, 'not an IP address').transform(canonical)
const cidr = z.string().refine(isCidr, 'not a CIDR')
const fqdn = z
  .string()
  .min(1)
  .max(253)
  .refine((text) => text === text.toLowerCase() && !text.endsWith('.'), 'a name in lower case without a dot at its end')

const workload = z.strictObject({
  id: name,
  name,
  namespace: name,
  labels,
  serviceAccount: name,
  node: name,
  image: z.string().max(4096),
  owner: z.strictObject({
    kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod']),
    name,
  }),
  ips: z.array(ip).max(64),
  ports: z
    .array(
      z.strictObject({
        port: z.int().min(1).max(65535),
        protocol: z.enum(['tcp', 'udp']),
        name: z.exactOptional(name),
      }),
    )
    .max(1024),
  managed: z.boolean(),
})

const inventory: z.ZodType<Inventory> = z
  .strictObject({
    workloads: z.array(workload),
    namespaces: z.array(z.strictObject({ name, labels })),
    nodes: z.array(z.strictObject({ name, ips: z.array(ip) })),
    podCidrs: z.array(cidr),
    dnsServers: z.array(ip),
    resolved: z.record(fqdn, z.array(ip)),
  })
  .superRefine((value, context) => {
    const refuse = (lists: readonly (readonly string[])[], field: string, message: string) => {
      for (const at of repeats(lists)) context.addIssue({ code: 'custom', path: ['workloads', at, field], message })
    }
    refuse(
      value.workloads.map(({ id }) => [id]),
      'id',
      'this id is taken by another workload',
    )
    refuse(
      value.workloads.map(({ ips }) => ips),
      'ips',
      'an address is in two workloads',
    )
  })

/** Positions of the lists that hold something an earlier list holds already. */
function repeats(lists: readonly (readonly string[])[]): readonly number[] {
  const seen = new Set<string>()
  return lists.flatMap((list, at) => {
    const again = list.some((item) => seen.has(item))
    for (const item of list) seen.add(item)
    return again ? [at] : []
  })
}

/** The one text form of an address (RFC 5952 for v6), so that equal addresses are equal strings. */
function canonical(text: string): string {
  return isIPv6(text) ? new SocketAddress({ address: text, family: 'ipv6' }).address : text
}

function isCidr(text: string): boolean {
  const [address = '', length = '', ...rest] = text.split('/')
  const bits = isIP(address) === 6 ? 128 : 32
  return rest.length === 0 && isIP(address) !== 0 && /^\d{1,3}$/.test(length) && Number(length) <= bits
}

/** An inventory from anything; addresses come out in canonical form. */
export function parseInventory(input: unknown): Parsed<Inventory> {
  const result = inventory.safeParse(input)
  if (result.success) return { ok: true, value: result.data }
  return { ok: false, problems: result.error.issues.map(({ path, message }) => ({ path: pathText(path), message })) }
}

/** `workloads[3].ips[0]` */
function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '')
}

/** Reads and parses the file; a file that is missing, too large or no JSON is a problem, never an exception. */
export async function readInventory(path: string): Promise<Parsed<Inventory>> {
  const text = await readBounded(path)
  if (typeof text !== 'string') return { ok: false, problems: [text] }
  try {
    return parseInventory(JSON.parse(text))
  } catch (error) {
    return { ok: false, problems: [{ path: '', message: `${path}: ${(error as Error).message}` }] }
  }
}

async function readBounded(path: string): Promise<string | Problem> {
  try {
    // one handle for size and bytes: the file may be renamed over in between
    await using file = await open(path, constants.O_RDONLY)
    const { size } = await file.stat()
    if (size > maxInventoryBytes) return { path: '', message: `${path}: ${size} bytes, more than ${maxInventoryBytes}` }
    return await file.readFile('utf8')
  } catch (error) {
    return { path: '', message: (error as Error).message }
  }
}

/**
 * Reads the file now and after each change, one read at a time, and hands over what it says: first before it resolves,
 * then for every reading that differs from the one before. Ends with the signal.
 */
export async function watchInventory(
  path: string,
  options: { readonly signal: AbortSignal; readonly onReading: (reading: Parsed<Inventory>) => void },
): Promise<void> {
  const { signal, onReading } = options
  let last = ''
  let reading: Promise<void> | undefined
  let again = false

  async function readOnce(): Promise<void> {
    const now = await readInventory(path)
    const text = JSON.stringify(now)
    if (text === last || signal.aborted) return
    last = text
    onReading(now)
  }
  async function readUntilQuiet(): Promise<void> {
    do {
      again = false
      await readOnce()
    } while (again)
  }
  function changed(): Promise<void> {
    again = true
    reading ??= readUntilQuiet().finally(() => {
      reading = undefined
    })
    return reading
  }

  watchFolder(path, signal, changed)
  await changed()
}

/** The folder, not the file: a rename over the file ends a watch on the file itself. */
function watchFolder(path: string, signal: AbortSignal, onChange: () => Promise<void>): void {
  if (signal.aborted) return
  const again = () => {
    setTimeout(() => {
      watchFolder(path, signal, onChange)
      void onChange()
    }, rewatchMs).unref()
  }
  try {
    const watcher: FSWatcher = watch(dirname(path), { signal }, (_event, file) => {
      if (file === null || file === basename(path)) void onChange()
    })
    watcher.on('error', () => {
      watcher.close()
      again()
    })
  } catch {
    again()
  }
}
