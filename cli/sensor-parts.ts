/**
 * Sensors and bindings beside those that are there: what a file names is replaced or added, everything else stays. What
 * comes from the file is first in each list, so that the API's problems have the file's own places.
 */
import type { z } from 'zod'
import type { transferRoutes } from '../xds-server/api/contract/transfer.ts'
import type { Client } from './client.ts'
import { write } from './write.ts'

export const sensorParts = ['wafSensors', 'dlpSensors', 'inspections'] as const
type Part = (typeof sensorParts)[number]
/** As people wrote them: the API judges. */
export type SensorParts = Readonly<Partial<Record<Part, readonly unknown[]>>>

/** The policy that is there. */
export type Present = z.output<typeof transferRoutes.exportPolicy.answer>
type Changes = z.output<typeof transferRoutes.importPolicy.answer>
type Saving = { readonly dryRun?: boolean; readonly revision?: string }

const keyOf: Readonly<Record<Part, 'name' | 'group'>> = { wafSensors: 'name', dlpSensors: 'name', inspections: 'group' }

/** One write of all of them, or none. `parts` may depend on what is there. */
export async function saveSensorParts(
  client: Client,
  parts: (present: Present) => SensorParts,
  { dryRun = false, revision }: Saving,
): Promise<Changes> {
  const query = { dryRun: dryRun ? ('true' as const) : ('false' as const) }
  let present: Present | undefined
  const read = async () => {
    const { value, etag } = await client.call('exportPolicy', {})
    present = value
    return etag
  }
  // with a revision, too, the others must be known to be left as they are
  if (revision !== undefined) await read()
  const save = (ifMatch: string) => {
    const body = merged(present!, parts(present!))
    return client.call('importPolicy', { query, body, ifMatch })
  }
  // it names what it changes: somebody else's edit in between is left alone
  return (await write({ read, write: save, revision, retry: true })).value
}

function merged(present: Present, parts: SensorParts): Record<string, unknown> {
  const lists = Object.entries(parts).map(([part, fresh]) => {
    const key = keyOf[part as Part]
    const named = new Set(fresh.map((one) => (one as Record<string, unknown> | null)?.[key]))
    const kept = present[part as Part].filter((one) => !named.has((one as Record<string, unknown>)[key]))
    return [part, [...fresh, ...kept]]
  })
  return Object.fromEntries(lists)
}
