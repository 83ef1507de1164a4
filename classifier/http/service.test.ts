import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aProfile } from '../inspection/testdata/builders.ts'
import { tokenFor } from './authenticate.ts'
import { type Service, startService } from './service.ts'
import { anInspector, aPlan } from './testdata/inspector.ts'
import { decodeResponse, encodeRequest } from './testdata/proto.ts'

let folder: string
let name: string
const services: Service[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-service-'))
  name = join(folder, 'classifier.sock')
})
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.close(0)))
  rmSync(folder, { recursive: true })
})

async function aService(): Promise<Service> {
  const inspector = anInspector({ p: { plan: aPlan(), profile: aProfile('p') } })
  const service = await startService({ kind: 'unix', path: name }, { inspector, secret: 's' })
  services.push(service)
  return service
}

const same = (bytes: Buffer): Buffer => bytes

function anEnvoy() {
  const client = new Client(`unix:${name}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
  const metadata = new Metadata()
  metadata.set('x-postern-profile', 'p')
  metadata.set('authorization', `Bearer ${tokenFor('s', 'p')}`)
  const call = client.makeBidiStreamRequest(
    '/envoy.service.ext_proc.v3.ExternalProcessor/Process',
    same,
    same,
    metadata,
  )
  call.on('error', () => {})
  return {
    ask: async (message: object) => {
      call.write(encodeRequest(message))
      const [answer] = await once(call, 'data')
      return Object.keys(decodeResponse(answer))
    },
    end: () => {
      call.end()
      client.close()
    },
  }
}
const request = {
  request_headers: { headers: { headers: [] }, end_of_stream: true },
  protocol_config: { response_body_mode: 4 },
}
const response = { response_headers: { headers: { headers: [] }, end_of_stream: true } }

test('a successor takes the name, the predecessor finishes what it has, and nothing stays behind', async () => {
  const first = await aService()
  const old = anEnvoy()
  expect(await old.ask(request)).toEqual(['request_headers'])
  const second = await aService()
  const closing = first.close(60_000)
  const young = anEnvoy()
  expect([await young.ask(request), await old.ask(response)]).toEqual([['request_headers'], ['response_headers']])
  old.end()
  await closing
  expect(readdirSync(folder)).toContain('classifier.sock')
  expect(await young.ask(response)).toEqual(['response_headers'])
  young.end()
  await second.close(60_000)
  services.splice(0)
  expect(readdirSync(folder)).toEqual([])
})

test('a call that does not end is cut when the time is up', async () => {
  const service = await aService()
  const envoy = anEnvoy()
  await envoy.ask(request)
  await service.close(10)
  services.splice(0)
  envoy.end()
  expect(readdirSync(folder)).toEqual([])
})

test('what a killed one has left is removed, what is not a link makes room', async () => {
  const child = spawn('true')
  await once(child, 'exit')
  const left = `classifier.sock.${child.pid}.1`
  writeFileSync(join(folder, left), '')
  writeFileSync(name, '')
  await aService()
  rmSync(name)
  symlinkSync(left, name)
  await aService()
  expect(readdirSync(folder)).not.toContain(left)
  expect(readlinkSync(name)).toMatch(/^classifier\.sock\.\d+\.\d+$/)
})
