/** `postern sensors`: what is looked for in HTTP, and in whose. */
import type { Command } from 'commander'
import type { Client } from '../client.ts'
import type { Context } from '../io.ts'
import { type Column, clean, type Format, print, table, withOutput, yamlOf } from '../output.ts'
import { allSensors, type KindOptions, type Listed, partOf, sensorCalled, withKind } from '../sensor-kinds.ts'
import { withRevision, write } from '../write.ts'
import { addBindings } from './sensor-bindings.ts'
import { addSensorFiles } from './sensor-files.ts'
import { addSensorTest } from './sensor-test.ts'

type Output = { readonly output: Format }
type Revision = { readonly revision?: string }

export function addSensors(parent: Command, context: Context): void {
  const sensors = parent
    .command('sensors')
    .summary('WAF and DLP: what is looked for in HTTP, and in which groups')
    .description(
      'Sensors look for attacks (WAF) or data (DLP) in HTTP; bound to a group, a match is an alert or denied.',
    )
  addReading(sensors, context)
  addSensorFiles(sensors, context)
  addEditing(sensors, context)
  addBindings(sensors, context)
  addSensorTest(sensors, context)
}

function addReading(sensors: Command, { io, client }: Context): void {
  withKind(withOutput(sensors.command('list', { isDefault: true })))
    .summary('all sensors, the predefined ones first')
    .action(async ({ output, ...kind }: Output & KindOptions) => {
      const all = await allSensors(client(), kind)
      print(io, output, all, () => table(io, columns, all, 'There is no sensor.'))
    })
  withKind(withOutput(sensors.command('show')))
    .summary('one sensor, as apply takes it')
    .argument('<name>')
    .action(async (name: string, { output, ...kind }: Output & KindOptions) => {
      const found = await sensorCalled(client(), name, kind)
      const file = { [partOf[found.kind]]: [found.sensor] }
      print(io, output, file, () => yamlOf(file))
    })
}

const columns: readonly Column<Listed>[] = [
  { title: 'NAME', text: ({ sensor }) => sensor.name },
  { title: 'KIND', text: ({ kind }) => kind.toUpperCase() },
  { title: 'LOOKS FOR', text: contentText },
  { title: 'GROUPS', text: ({ groups }) => groups.join(', ') },
  {
    title: 'MADE BY',
    text: ({ predefined }) => (predefined ? 'Postern' : 'you'),
    colour: ({ predefined }) => (predefined ? 'grey' : undefined),
  },
  { title: 'COMMENT', text: ({ sensor }) => sensor.comment ?? '' },
]

function contentText({ sensor }: Listed): string {
  const rules = sensor.rules?.length ?? 0
  const crs =
    'crs' in sensor && sensor.crs ? `${sensor.crs.ruleSet ?? 'crs'} (paranoia ${sensor.crs.paranoia ?? 1})` : ''
  return [crs, rules === 0 ? '' : `${rules} ${rules === 1 ? 'rule' : 'rules'}`].filter((part) => part !== '').join(', ')
}

function addEditing(sensors: Command, { io, client }: Context): void {
  withKind(withRevision(sensors.command('copy')))
    .summary('a sensor of your own, to be changed, with the contents of another')
    .argument('<name>', 'a predefined one, say')
    .argument('<new>')
    .action(async (name: string, copy: string, { revision, ...kind }: Revision & KindOptions) => {
      await putCopy(client(), await sensorCalled(client(), name, kind), copy, revision)
      io.out(`${clean(copy)}\n`)
    })
  withKind(withRevision(sensors.command('delete')))
    .summary('without the sensor; refused while a group has it')
    .argument('<name>')
    .action(async (name: string, { revision, ...kind }: Revision & KindOptions) => {
      const { kind: found } = await sensorCalled(client(), name, kind)
      const remove = (ifMatch: string) => client().call(deletes[found], { params: { name }, ifMatch })
      await write({ read: etagOf(client(), found), write: remove, revision, retry: true })
      io.out(`deleted ${clean(name)}\n`)
    })
}

const lists = { waf: 'listWafSensors', dlp: 'listDlpSensors' } as const
const deletes = { waf: 'deleteWafSensor', dlp: 'deleteDlpSensor' } as const

const etagOf = (client: Client, kind: Listed['kind']) => async (): Promise<string> =>
  (await client.call(lists[kind], { query: { limit: 1 } })).etag

async function putCopy(client: Client, original: Listed, name: string, revision: string | undefined): Promise<void> {
  const comment = `Copy of ${original.sensor.name}`
  const put = async (ifMatch: string): Promise<unknown> => {
    const params = { name }
    if (original.kind === 'waf') {
      return client.call('putWafSensor', { params, body: { sensor: { ...original.sensor, name, comment } }, ifMatch })
    }
    return client.call('putDlpSensor', { params, body: { sensor: { ...original.sensor, name, comment } }, ifMatch })
  }
  await write({ read: etagOf(client, original.kind), write: put, revision, retry: true })
}
