import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildSniffer } from '../../classifier/sniffer/build.ts'
import { bootstrap } from '../../xds-server/compile/bootstrap.ts'
import type { ClassSnapshot, Message } from '../../xds-server/compile/model.ts'
import { caseNames, compiledCase } from '../../xds-server/compile/testdata/cases.ts'
import { createAuthority } from '../../xds-server/envoy/certificates.ts'
import { validate } from './pod/envoy.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-accepted-'))
let sniffer: string
let ca: string
let boot: Message
beforeAll(async () => {
  sniffer = Buffer.from((await buildSniffer()).wasm).toString('base64')
  ca = (await createAuthority('test', new Date())).cert
  const controlPlane = { host: '127.0.0.1', port: 21_001, serverName: 'postern', ca }
  boot = bootstrap({ nodeId: 'x', token: 'x', controlPlane, adminSocket: join(folder, 'admin.sock') })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Everything a sidecar of the class holds as one static file: tables in the place of their names. */
function asFile({ resources }: ClassSnapshot): object {
  const tables = new Map(resources.filter(({ type }) => type === 'extension').map(({ name, body }) => [name, body]))
  const put = (_: string, value: unknown) => {
    const name = (value as Message | null)?.config_discovery && (value as Message).name
    return typeof name === 'string' ? { name, typed_config: tables.get(name)!.typed_config } : value
  }
  const plain = (wanted: string): readonly object[] =>
    resources.flatMap(({ type, body: { '@type': _, ...fields } }) => (type === wanted ? [fields] : []))
  const {
    static_resources,
    dynamic_resources: _,
    ...rest
  } = boot as { static_resources: { clusters: object[] } } & Message
  const listeners = JSON.parse(JSON.stringify(plain('listener'), put)) as object[]
  const clusters = [...static_resources.clusters, ...plain('cluster')]
  return { ...rest, static_resources: { ...static_resources, clusters, listeners } }
}

/** Goldens have words in the place of what only a machine can read. */
const contentOf = (snapshot: ClassSnapshot): string =>
  JSON.stringify(asFile(snapshot)).replaceAll('AA==', sniffer).replaceAll('"THE_CA"', JSON.stringify(ca))

test('a real Envoy takes every golden, tables included', async () => {
  // classes of many cases are the same
  const cases = caseNames.flatMap((name) =>
    [...compiledCase(name).classes].map(([key, one]) => [`${name} ${key}`, contentOf(one)]),
  )
  const distinct = [...new Map(cases.map(([name, content]) => [content!, name!]))]
  expect(distinct.length).toBeGreaterThan(caseNames.length)
  const objections: string[] = []
  const next = distinct[Symbol.iterator]()
  const worker = async (number: number) => {
    for (const [content, name] of next) {
      const file = join(folder, `${number}.json`)
      writeFileSync(file, content)
      const said = await validate(file)
      if (said !== '') objections.push(`${name}: ${said}`)
    }
  }
  await Promise.all([worker(0), worker(1)])
  expect(objections).toEqual([])
})
