/**
 * A certificate authority and server certificates for the lab and the all-in-one (ECDSA P-256). Everything is PEM text;
 * keeping it, and keeping the key secret, is the caller's.
 */
import './reflect-metadata.ts'
import { webcrypto, X509Certificate } from 'node:crypto'
import * as x509 from '@peculiar/x509'

/** A certificate and its PKCS #8 private key, PEM. */
export type KeyPair = { readonly cert: string; readonly key: string }

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const dayMs = 24 * 60 * 60 * 1000
/** Clocks of nodes differ: a fresh certificate must not be from their future. */
const backdateMs = 60 * 60 * 1000
const authorityDays = 3650
/** What clients accept at most (Apple, CA/Browser Forum before 2026). */
const serverDays = 397

x509.cryptoProvider.set(webcrypto)

const validity = (now: Date, days: number) => ({
  notBefore: new Date(now.getTime() - backdateMs),
  notAfter: new Date(now.getTime() + days * dayMs),
})

/** Positive and random: browsers and Envoy refuse two certificates of one issuer with the same number. */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16))
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return Buffer.from(bytes).toString('hex')
}

const newKeys = () =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>

async function pem(cert: x509.X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<KeyPair> {
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { cert: `${cert.toString('pem')}\n`, key: `${x509.PemConverter.encode(key, 'PRIVATE KEY')}\n` }
}

const importKey = (key: string) =>
  webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(key), algorithm, false, ['sign'])

/** A self-signed authority, valid for ten years from `now`. */
export async function createAuthority(commonName: string, now: Date): Promise<KeyPair> {
  const keys = await newKeys()
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    ...validity(now, authorityDays),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return pem(cert, keys)
}

/**
 * A server certificate of `authority`, valid for 397 days from `now`. `names` are DNS names or IP addresses, the first
 * is the common name.
 */
export async function issueServerCertificate(
  authority: KeyPair,
  names: readonly [string, ...string[]],
  now: Date,
): Promise<KeyPair> {
  const keys = await newKeys()
  const issuer = new x509.X509Certificate(authority.cert)
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [names[0]] }],
    issuer: issuer.subject,
    ...validity(now, serverDays),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isAddress(value) ? 'ip' : 'dns', value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  })
  return pem(cert, keys)
}

const isAddress = (name: string) => /^[\d.]+$/.test(name) || name.includes(':')

/** When the certificate ends, so that the caller can renew in time. @throws where the text is no certificate */
export const expiresAt = (cert: string): Date => new Date(new X509Certificate(cert).validTo)
