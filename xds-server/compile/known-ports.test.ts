import { expect, test } from 'vitest'
import { anHttp, aRule, tcp, udp } from '../../test/support/builders.ts'
import type { Rule } from '../policy/model.ts'
import { knownPorts, maxKnownPorts } from './known-ports.ts'

const rule = (over: Partial<Rule>): Rule => aRule('any', 'any', over)
const protocols = (...rules: readonly Rule[]) => [...knownPorts(rules)].map(([port, { kind }]) => `${port} ${kind}`)

test('a port is known when a rule names it for an application, or for requests', () => {
  expect(
    protocols(
      rule({ ports: tcp(9000) }),
      rule({ applications: ['redis'] }),
      rule({ applications: ['redis'], ports: udp(6379) }),
      rule({ applications: ['redis'], ports: [...tcp(6379), ...tcp(6400, 6401)] }),
      rule({ http: [anHttp({ methods: ['GET'] })], ports: tcp(80) }),
    ),
  ).toEqual(['80 http', '6379 client-first', '6400 client-first', '6401 client-first'])
})

test('who greets decides, then HTTP, then who waits', () => {
  const named = (...applications: readonly string[]) => protocols(rule({ applications, ports: tcp(1) }))[0]
  expect(named('redis', 'tls')).toBe('1 client-first')
  expect(named('redis', 'grpc')).toBe('1 http')
  for (const greeter of ['mysql', 'ssh', 'unknown']) expect(named('redis', 'http', greeter)).toBe('1 server-first')
})

test('wide ranges, the proxy’s own ports and ports past the bound have no listener of their own', () => {
  const http = (from: number, to?: number) => rule({ applications: ['http'], ports: tcp(from, to) })
  expect(protocols(http(7000, 7032), http(15_006), http(15_001), http(15_021))).toEqual([])
  const many = Array.from({ length: maxKnownPorts + 10 }, (_, i) => http(20_000 - i))
  expect(knownPorts(many).size).toBe(maxKnownPorts)
})
