import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { controlPlaneName } from './compile/names.ts'
import { serverTls } from './tls.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'postern-tls-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const day = 24 * 3600 * 1000
const now = new Date('2026-11-24T12:00:00Z')

test('made once, kept with a private key only we may read, and signed by the authority sidecars pin', async () => {
  const first = await serverTls(dir, now)
  const again = await serverTls(dir, new Date(now.getTime() + 30 * day))
  expect(again).toEqual(first)
  const authority = new X509Certificate(readFileSync(join(dir, 'ca.crt')))
  const server = new X509Certificate(first.cert)
  expect(server.verify(authority.publicKey)).toBe(true)
  expect(server.checkHost(controlPlaneName)).toBe(controlPlaneName)
  expect(statSync(join(dir, 'server.key')).mode & 0o777).toBe(0o600)
})

test('a certificate that ends soon is renewed at start by the same authority', async () => {
  const first = await serverTls(dir, now)
  const authority = readFileSync(join(dir, 'ca.crt'), 'utf8')
  const renewed = await serverTls(dir, new Date(now.getTime() + 300 * day))
  expect(renewed.cert).not.toBe(first.cert)
  expect(readFileSync(join(dir, 'ca.crt'), 'utf8')).toBe(authority)
})
