/** WAF and DLP sensors by name; which of the two is meant is asked only where both have it. */
import { type Command, Option } from 'commander'
import type { z } from 'zod'
import type { Routes } from '../xds-server/api/contract.ts'
import type { Client } from './client.ts'
import { InputError } from './errors.ts'

type ListedWaf = z.output<Routes['readWafSensor']['answer']>
type ListedDlp = z.output<Routes['readDlpSensor']['answer']>

export type Kind = 'waf' | 'dlp'
export const kinds: readonly Kind[] = ['waf', 'dlp']
/** The part of a policy where sensors of the kind stand. */
export const partOf = { waf: 'wafSensors', dlp: 'dlpSensors' } as const

export type Listed = ({ readonly kind: 'waf' } & ListedWaf) | ({ readonly kind: 'dlp' } & ListedDlp)

export type KindOptions = { readonly waf?: boolean; readonly dlp?: boolean }

/** Adds `--waf` and `--dlp`. */
export const withKind = (command: Command): Command =>
  command.addOption(new Option('--waf', 'a WAF sensor').conflicts('dlp')).option('--dlp', 'a DLP sensor')

/** Both where nobody says which. */
export const wantedKinds = ({ waf, dlp }: KindOptions): readonly Kind[] =>
  kinds.filter((kind) => (kind === 'waf' ? !dlp : !waf))

/** WAF sensors, then DLP sensors, each as the API has them. */
export async function allSensors(client: Client, options: KindOptions = {}): Promise<readonly Listed[]> {
  const query = { limit: 10_000 }
  const [waf, dlp] = await Promise.all([
    client.call('listWafSensors', { query }),
    client.call('listDlpSensors', { query }),
  ])
  const all: readonly Listed[] = [
    ...waf.value.sensors.map((listed) => ({ kind: 'waf' as const, ...listed })),
    ...dlp.value.sensors.map((listed) => ({ kind: 'dlp' as const, ...listed })),
  ]
  const wanted = wantedKinds(options)
  return all.filter(({ kind }) => wanted.includes(kind))
}

/** Throws `InputError` where there is none, or one of each kind and nobody said which. */
export async function sensorCalled(client: Client, name: string, options: KindOptions): Promise<Listed> {
  const [found, other] = (await allSensors(client, options)).filter(({ sensor }) => sensor.name === name)
  if (found === undefined) throw new InputError(`There is no sensor ${name}. postern sensors shows them.`)
  if (other !== undefined) throw new InputError(`There is a WAF and a DLP sensor ${name}: say --waf or --dlp.`)
  return found
}
