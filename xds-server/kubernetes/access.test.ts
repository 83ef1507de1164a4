import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inClusterAccess, kubeconfigAccess } from './access.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-access-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const put = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const base64 = (text: string) => Buffer.from(text).toString('base64')

test('in a cluster: the token is what the file says now', async () => {
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }
  const access = inClusterAccess(env, folder)!
  await expect(access()).rejects.toThrow('ENOENT')
  put('ca.crt', 'CA')
  put('token', 'first\n')
  const expected = { server: 'https://[fd00::1]:443', ca: 'CA' }
  expect(await access()).toEqual({ ...expected, credentials: { kind: 'token', token: 'first' } })
  put('token', 'second\n')
  expect(await access()).toEqual({ ...expected, credentials: { kind: 'token', token: 'second' } })
})

test('outside of one there is none', () => {
  expect(inClusterAccess({})).toBeUndefined()
})

const aKubeconfig = (cluster: object, user: object) =>
  JSON.stringify({
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'here', user: 'me' } }],
    clusters: [{ name: 'here', cluster: { server: 'https://example.test:6443/', ...cluster } }],
    users: [{ name: 'me', user }],
  })
const read = async (cluster: object, user: object) => {
  const parsed = await kubeconfigAccess(put('config', aKubeconfig(cluster, user)))
  return parsed.ok ? await parsed.value() : parsed.problems
}

test('a kubeconfig: its own data, or files beside it', async () => {
  put('ca.pem', 'CA')
  put('key.pem', 'KEY')
  const certificate = { kind: 'certificate', cert: 'CERT', key: 'KEY' }
  const expected = { server: 'https://example.test:6443', ca: 'CA' }
  const user = { 'client-certificate-data': base64('CERT'), 'client-key': 'key.pem' }
  expect(await read({ 'certificate-authority': 'ca.pem' }, user)).toEqual({ ...expected, credentials: certificate })
  const token = { kind: 'token', token: 't' }
  expect(await read({ 'certificate-authority-data': base64('CA') }, { token: 't' })).toEqual({
    ...expected,
    credentials: token,
  })
  put('token', 't\n')
  expect(await read({ 'certificate-authority': 'ca.pem' }, { tokenFile: 'token' })).toEqual({
    ...expected,
    credentials: token,
  })
})

test('what is missing or not safe is a problem with its place', async () => {
  const ca = { 'certificate-authority-data': base64('CA') }
  expect(await read({}, { token: 't' })).toMatchObject([{ path: 'clusters' }])
  expect(await read(ca, { exec: { command: 'aws' } })).toMatchObject([{ path: 'users' }])
  expect(await read({ ...ca, server: 'http://example.test' }, { token: 't' })).toMatchObject([
    { path: 'clusters.0.cluster.server' },
  ])
  expect(await kubeconfigAccess(join(folder, 'none'))).toMatchObject({ ok: false, problems: [{ path: '' }] })
})
