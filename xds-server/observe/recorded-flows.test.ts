import { afterEach, expect, test } from 'vitest'
import { anHttp, aRule, aWorld, tcp } from '../../test/support/builders.ts'
import { directory } from '../policy/directory.ts'
import { preview } from '../policy/preview.ts'
import { recordedFlows } from './recorded-flows.ts'
import { aConnection, appToDb, type Observed, observed } from './testdata/observed.ts'
import { aRequest } from './testdata/records.ts'

const open: Observed[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})
const begin = (options: Parameters<typeof observed>[0]): Observed => {
  const one = observed(options)
  open.push(one)
  return one
}
const all = aRule('any', 'any', { id: 'all' })
const shadow = { rule: 'all', denied: false }

test('a conversation can be decided again, with how often it was seen', () => {
  const one = begin({ mode: 'protect', parts: { rules: [all] } })
  one.observer.accept([aConnection({ shadow }), aConnection({ shadow, stream: 's2' })])
  expect(one.observer.recordedFlows()).toEqual([
    {
      flow: { source: '10.42.0.11', destination: '10.42.0.13', port: 5432, protocol: 'tcp', application: 'postgresql' },
      count: 2,
    },
  ])
})

test('a dry run says which requests a draft would deny', () => {
  const one = begin({ mode: 'protect', parts: { rules: [all] } })
  const http = { ...appToDb, shadow }
  one.observer.accept([
    aRequest('GET', '/votes/1', http),
    aRequest('GET', '/votes/2', http),
    aRequest('POST', '/votes', http),
  ])
  const { world } = one.directory()
  const onlyGet = aRule('nv.app.yelb', 'nv.db.yelb', {
    ports: tcp(5432),
    http: [anHttp({ methods: ['GET'], paths: ['/votes/{id}'], hosts: ['db'] })],
  })
  const changes = preview(one.observer.recordedFlows(), world, {
    ...world,
    policy: { ...world.policy, rules: [onlyGet] },
  })
  expect(changes.map(({ flow, count, after }) => [flow.http?.method, flow.http?.path, count, after.enforced])).toEqual([
    ['POST', '/votes', 1, 'deny'],
  ])
})

test('a gRPC call is decided by its service and method', () => {
  const one = begin({ mode: 'protect', parts: { rules: [all] } })
  one.observer.accept([aRequest('POST', '/pkg.Votes/Add', { ...appToDb, shadow, application: 'grpc' })])
  expect(one.observer.recordedFlows().map(({ flow }) => flow.http?.grpc)).toEqual(['pkg.Votes/Add'])
})

test('a conversation whose pod is gone concerns nobody', () => {
  const one = begin({ mode: 'protect', parts: { rules: [all] } })
  one.observer.accept([aConnection({ shadow })])
  expect(recordedFlows(one.observer.conversations(), directory(aWorld()))).toEqual([])
})
