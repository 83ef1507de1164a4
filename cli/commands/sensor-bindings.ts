/** `postern sensors bind|unbind`: which group has which sensors. */
import { type Command, Option } from 'commander'
import type { z } from 'zod'
import type { WrittenInspection } from '../../xds-server/api/contract/sensor-documents.ts'
import type { Routes } from '../../xds-server/api/contract.ts'
import type { Client } from '../client.ts'
import { InputError } from '../errors.ts'
import type { Context, Io } from '../io.ts'
import { type Column, clean, type Format, print, table, withOutput } from '../output.ts'
import { type KindOptions, kinds, sensorCalled, wantedKinds, withKind } from '../sensor-kinds.ts'
import { withRevision, write } from '../write.ts'

type Inspection = z.output<Routes['listInspections']['answer']>['inspections'][number]
type Binding = Inspection['waf'][number]
type Revision = { readonly revision?: string }
type Binds = Revision & KindOptions & Pick<Binding, 'action'> & { readonly onFailure?: Inspection['onFailure'] }

export function addBindings(sensors: Command, { io, client }: Context): void {
  withOutput(sensors.command('bindings'))
    .summary('groups with their sensors')
    .action(async ({ output }: { output: Format }) => {
      const { value } = await client().call('listInspections', { query: { limit: 10_000 } })
      print(io, output, value, () => bindingTable(io, value.inspections))
    })
  withKind(withRevision(sensors.command('bind')))
    .summary('a sensor for a group, or another action')
    .arguments('<group> <sensor>')
    .addOption(
      new Option('--action <action>', 'what a match means: an alert, or in Protect a refusal')
        .choices(['allow', 'deny'])
        .default('allow'),
    )
    .addOption(
      new Option('--on-failure <what>', 'in Protect, while the classifier can not be asked').choices([
        'failClosed',
        'failOpen',
      ]),
    )
    .addHelpText('after', '\nExample:\n  postern sensors bind nv.ui.shop crs --action deny')
    .action(async (group: string, name: string, { revision, action, onFailure, ...kind }: Binds) => {
      const side = (await sensorCalled(client(), name, kind)).kind
      await rebind(client(), group, revision, (present = nothingBound(group)) => ({
        ...present,
        [side]: [...present[side].filter(({ sensor }) => sensor !== name), { sensor: name, action }],
        ...(onFailure !== undefined && { onFailure }),
      }))
      io.out(`${clean(group)}: ${side.toUpperCase()} sensor ${clean(name)}, ${action}\n`)
    })
  withKind(withRevision(sensors.command('unbind')))
    .summary('a group without a sensor')
    .arguments('<group> <sensor>')
    .action(async (group: string, name: string, { revision, ...kind }: Revision & KindOptions) => {
      await rebind(client(), group, revision, (present) => without(present, group, name, kind))
      io.out(`${clean(group)}: without ${clean(name)}\n`)
    })
}

const nothingBound = (group: string): Inspection => ({ group, waf: [], dlp: [], onFailure: 'failClosed' })

/** Undefined where nothing is left. Throws `InputError` where the group does not have it. */
function without(
  present: Inspection | undefined,
  group: string,
  name: string,
  options: KindOptions,
): WrittenInspection | undefined {
  const having = wantedKinds(options).filter((kind) => present?.[kind].some(({ sensor }) => sensor === name))
  if (present === undefined || having.length === 0) throw new InputError(`${group} does not have ${name}.`)
  if (having.length > 1) throw new InputError(`${group} has a WAF and a DLP sensor ${name}: say --waf or --dlp.`)
  const side = having[0]!
  const rest = { ...present, [side]: present[side].filter(({ sensor }) => sensor !== name) }
  return rest.waf.length + rest.dlp.length === 0 ? undefined : rest
}

/** Undefined from `change`: nothing is bound any more. It says what it changes, so it may be tried again. */
async function rebind(
  client: Client,
  group: string,
  revision: string | undefined,
  change: (present: Inspection | undefined) => WrittenInspection | undefined,
): Promise<void> {
  let present: Inspection | undefined
  const read = async () => {
    const { value, etag } = await client.call('listInspections', { query: { limit: 10_000 } })
    present = value.inspections.find((one) => one.group === group)
    return etag
  }
  if (revision !== undefined) await read()
  const save = async (ifMatch: string): Promise<unknown> => {
    const inspection = change(present)
    const params = { name: group }
    if (inspection === undefined) return client.call('deleteInspection', { params, ifMatch })
    return client.call('putInspection', { params, body: { inspection }, ifMatch })
  }
  await write({ read, write: save, revision, retry: true })
}

type Row = Pick<Inspection, 'group' | 'onFailure'> & Binding & { readonly kind: string }

const columns: readonly Column<Row>[] = [
  { title: 'GROUP', text: (r) => r.group },
  { title: 'SENSOR', text: (r) => r.sensor },
  { title: 'KIND', text: (r) => r.kind.toUpperCase() },
  { title: 'ACTION', text: (r) => r.action, colour: (r) => (r.action === 'deny' ? 'red' : 'yellow') },
  { title: 'ON FAILURE', text: (r) => r.onFailure },
]

function bindingTable(io: Io, inspections: readonly Inspection[]): string {
  const rows = inspections.flatMap(({ group, onFailure, ...sides }) =>
    kinds.flatMap((kind) => sides[kind].map((binding) => ({ group, onFailure, kind, ...binding }))),
  )
  return table(io, columns, rows, 'No group has a sensor. postern sensors bind <group> <sensor> gives it one.')
}
