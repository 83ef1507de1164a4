/** What a cluster's administrator makes before it starts: an authority, certificates, the key of service accounts. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const openssl = (...args: readonly string[]): void => {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
const newKey = (file: string): void => openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file)

/** Writes `ca`, `server`, `admin` (each `.crt`, `.key`) and `accounts.key`, `accounts.pub` into the folder. */
export function makeCredentials(folder: string): void {
  const at = (name: string) => join(folder, name)
  const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign']
  newKey(at('ca.key'))
  openssl(
    ...['req', '-x509', '-new', '-key', at('ca.key'), '-subj', '/CN=test-ca', '-days', '2', '-out', at('ca.crt')],
    ...extensions.flatMap((extension) => ['-addext', extension]),
  )
  newKey(at('accounts.key'))
  openssl('ec', '-in', at('accounts.key'), '-pubout', '-out', at('accounts.pub'))
  issueCertificate(
    folder,
    'server',
    '/CN=kube-apiserver',
    'subjectAltName=DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1',
  )
  issueCertificate(folder, 'admin', '/O=system:masters/CN=admin')
}

/** `<name>.crt` and `<name>.key` of a subject such as `/O=group/CN=user`, signed by the folder's authority. */
function issueCertificate(folder: string, name: string, subject: string, alternatives = ''): void {
  const at = (name: string) => join(folder, name)
  newKey(at(`${name}.key`))
  openssl('req', '-new', '-key', at(`${name}.key`), '-subj', subject, '-out', at(`${name}.csr`))
  const usage = 'keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth\n'
  writeFileSync(at(`${name}.ext`), `${usage}${alternatives}\n`)
  openssl(
    ...['x509', '-req', '-in', at(`${name}.csr`), '-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial'],
    ...['-days', '2', '-extfile', at(`${name}.ext`), '-out', at(`${name}.crt`)],
  )
}

/** A kubeconfig of the administrator, for a server (`https://127.0.0.1:port`). */
export function adminKubeconfig(folder: string, server: string): string {
  const data = (name: string) => readFileSync(join(folder, name)).toString('base64')
  const cluster = { server, 'certificate-authority-data': data('ca.crt') }
  const user = { 'client-certificate-data': data('admin.crt'), 'client-key-data': data('admin.key') }
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'admin', user }],
  })
}
