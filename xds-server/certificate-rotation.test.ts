import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, rootCertificates } from 'node:tls'
import { expect, test } from 'vitest'
import { type Certificates, certificatesAt, defaultSchedule, trusted } from './certificate-rotation.ts'
import { expiresAt } from './envoy/certificates.ts'

const dayMs = 24 * 3600 * 1000
const start = Date.parse('2026-03-01T00:00:00Z')
const after = (days: number): Date => new Date(start + days * dayMs)
const name = 'postern-webhook.postern.svc'
const at = (kept: Certificates | undefined, days: number) => certificatesAt(kept, [name], after(days))

/** A client that trusts `ca`: connected, or what it has against the certificate. */
async function trying({ serving }: Certificates, ca: string): Promise<string> {
  const server = createServer({ cert: serving.cert, key: serving.key }, (socket) => socket.end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect({ port, host: '127.0.0.1', servername: name, ca })
  const said = await once(client, 'secureConnect').then(
    () => 'connected',
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  )
  client.destroy()
  server.close()
  return said
}

test('what is kept stays as it is while it is good', async () => {
  const first = await at(undefined, 0)
  expect(first.authorities.length).toBe(1)
  expect(await at(first, 1)).toBe(first)
  expect(await at(first, 250)).toBe(first)
})

test('what is served is renewed in time, by the same authority', async () => {
  const first = await at(undefined, 0)
  const renewed = await at(first, 397 - 129)
  expect(renewed.authorities).toEqual(first.authorities)
  expect(renewed.serving).not.toEqual(first.serving)
  expect(expiresAt(renewed.serving.cert)).toEqual(after(397 - 129 + 397))
})

test('other names are served by another certificate', async () => {
  const first = await at(undefined, 0)
  const other = await certificatesAt(first, [name, 'postern-webhook'], after(0))
  expect(other.authorities).toEqual(first.authorities)
  expect(other.serving).not.toEqual(first.serving)
  expect(await certificatesAt(other, [name, 'postern-webhook'], after(0))).toBe(other)
})

test('a successor is trusted first, and signs when everybody has heard of it', async () => {
  const short = { ...defaultSchedule, overlapMs: 10 * dayMs }
  const now = Date.now()
  const on = (kept: Certificates | undefined, days: number, schedule = short) =>
    certificatesAt(kept, [name], new Date(now + days * dayMs), schedule)
  const first = await on(undefined, -20)
  const both = await on(first, -11, { ...short, successorBeforeMs: 20 * 365 * dayMs })
  expect(both.authorities.length).toBe(2)
  expect(both.serving).toEqual(first.serving)
  expect(await trying(both, trusted(first))).toBe('connected')
  const signed = await on(both, 0)
  expect(signed.authorities).toEqual(both.authorities)
  expect(await trying(signed, trusted(both))).toBe('connected')
  expect(await trying(signed, trusted(first))).toMatch(/UNABLE_TO_VERIFY|SELF_SIGNED/)
  expect(await trying(signed, rootCertificates[0]!)).toMatch(/UNABLE_TO_VERIFY|SELF_SIGNED/)
})

test('over forty years whoever trusts a bundle of the last four is never shown anything else', async () => {
  const { X509Certificate } = await import('node:crypto')
  const overlapDays = defaultSchedule.overlapMs / dayMs
  const bundles: { readonly day: number; readonly authorities: readonly string[] }[] = []
  let kept: Certificates | undefined
  let most = 0
  for (let day = 0; day < 40 * 365; day += 60) {
    kept = await at(kept, day)
    most = Math.max(most, kept.authorities.length)
    bundles.push({ day, authorities: kept.authorities.map(({ cert }) => cert) })
    const leaf = new X509Certificate(kept.serving.cert)
    expect(leaf.validToDate.getTime()).toBeGreaterThan(after(day + 60).getTime())
    const trusts = (cert: string): boolean => {
      const authority = new X509Certificate(cert)
      return authority.validToDate > after(day) && leaf.checkIssued(authority) && leaf.verify(authority.publicKey)
    }
    const strangers = bundles.filter((one) => day - one.day <= overlapDays && !one.authorities.some(trusts))
    expect(strangers.map((one) => one.day)).toEqual([])
  }
  expect(most).toBe(2)
})

test('after all has expired it starts over', async () => {
  const first = await at(undefined, 0)
  const anew = await at(first, 11 * 365)
  expect(anew.authorities.length).toBe(1)
  expect(anew.authorities).not.toEqual(first.authorities)
  expect(expiresAt(anew.serving.cert)).toEqual(after(11 * 365 + 397))
})
