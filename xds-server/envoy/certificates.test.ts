import { createPrivateKey, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { createAuthority, expiresAt, issueServerCertificate } from './certificates.ts'

const now = new Date('2026-03-01T00:00:00Z')

test('a server certificate of an authority that was kept as PEM serves its names, and no others', async () => {
  const authority = await createAuthority('postern', now)
  const issued = await issueServerCertificate(authority, ['xds.postern', '127.0.0.1', '::1'], now)
  const root = new X509Certificate(authority.cert)
  const leaf = new X509Certificate(issued.cert)
  expect(root.ca).toBe(true)
  expect(leaf.ca).toBe(false)
  expect(leaf.checkIssued(root) && leaf.verify(root.publicKey)).toBe(true)
  expect(leaf.checkPrivateKey(createPrivateKey(issued.key))).toBe(true)
  expect(leaf.subjectAltName).toBe('DNS:xds.postern, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
  expect(leaf.checkHost('other.postern')).toBeUndefined()
  expect(expiresAt(issued.cert)).toEqual(new Date('2027-04-02T00:00:00Z'))
  expect(new Date(leaf.validFrom)).toEqual(new Date('2026-02-28T23:00:00Z'))
})
