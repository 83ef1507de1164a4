/** The lab as it is for people: a real Envoy in front of every managed pod, a real control plane beside the node. */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Lab, up } from '../../lab/lab.ts'
import { readManifest } from '../../lab/manifest.ts'
import { isAlive } from '../../lab/processes.ts'
import { tokenLine } from '../../xds-server/envoy/verifier.ts'

let parent = ''
let lab: Lab

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'postern-lab-test-'))
  lab = await up({ dir: join(parent, 'lab') })
})
afterAll(async () => {
  await lab?.down()
  await rm(parent, { recursive: true, force: true })
})

const pods = async () => {
  const status = await lab.status()
  return status.state === 'down' ? [] : status.pods
}
const processes = (role: string) => readManifest(lab.paths)!.processes.filter((one) => one.role === role)
/** A field of /proc/<pid>/status. */
const statusField = (pid: number, field: string) =>
  new RegExp(`^${field}:\\s+(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]

test('every managed pod has a ready sidecar, the others none', async () => {
  expect((await pods()).map(({ name, sidecar, app }) => `${name} ${sidecar} ${app}`)).toEqual([
    'coredns-1 none ready',
    'yelb-ui-1 ready ready',
    'yelb-appserver-1 ready ready',
    'redis-server-1 ready ready',
    'yelb-db-1 ready ready',
    'ubuntu-1 ready ready',
    'ubuntu-2 ready ready',
    'legacy-1 none ready',
    'external none ready',
  ])
})

test('a sidecar has its own uid, no capability, and a folder the app can not enter', async () => {
  for (const { pid } of processes('sidecar')) {
    expect([
      statusField(pid, 'Uid'),
      statusField(pid, 'CapEff'),
      statusField(pid, 'CapBnd'),
      statusField(pid, 'NoNewPrivs'),
    ]).toEqual(['14747\t14747\t14747\t14747', '0000000000000000', '0000000000000000', '1'])
  }
  const { stderr } = await lab.exec('ubuntu-1', [
    'sh',
    '-c',
    'ls /mnt/envoy; curl -sS --unix-socket /mnt/envoy/admin.sock http://x/',
  ])
  expect(stderr).toMatch(/ls: .*Permission denied\n.*curl: \(7\)/s)
})

test('what reaches an app came through its sidecar, over IPv4 and IPv6', async () => {
  const seen = async (family: string) => {
    const { stdout } = await lab.exec('ubuntu-1', ['ssh', family, 'ubuntu-2.ubuntu', 'echo $SSH_CONNECTION'])
    return stdout.split(' ')[0]
  }
  expect([await seen('-4'), await seen('-6')]).toEqual(['127.0.0.6', '::6'])
})

test('each sidecar’s token is known by its digest alone, and a pod that goes takes its own along', async () => {
  const lines = () => readFileSync(lab.paths.tokens, 'utf8').trimEnd().split('\n')
  const token = readFileSync(join(lab.paths.pods, 'yelb-ui-1/envoy/token'), 'utf8')
  expect(lines()).toHaveLength(6)
  expect(lines()).toContain(tokenLine('yelb-ui-1', token))
  await lab.scale('yelb-ui', 2)
  expect((await pods()).at(-1)).toMatchObject({ name: 'yelb-ui-2', sidecar: 'ready', app: 'ready' })
  expect(lines()).toHaveLength(7)
  await lab.scale('yelb-ui', 1)
  expect(lines()).toHaveLength(6)
})

test('the control plane may be killed and started: the sidecars go on, the same ones', async () => {
  const before = processes('sidecar')
  const ask = () => lab.exec('external', ['curl', '-sS', '-m', '5', 'http://yelb-ui.yelb/api/hostname'])
  await lab.killControlPlane()
  expect(await lab.status()).toMatchObject({ controlPlane: 'ended' })
  expect(await ask()).toMatchObject({ code: 0, stdout: 'yelb-appserver-1' })
  await expect(lab.killControlPlane()).rejects.toMatchObject({ code: 'not-up' })

  await lab.startControlPlane()
  expect(await lab.status()).toMatchObject({ controlPlane: 'ready' })
  expect(await ask()).toMatchObject({ code: 0, stdout: 'yelb-appserver-1' })
  expect(processes('sidecar')).toEqual(before)
  expect(before.filter((sidecar) => !isAlive(sidecar))).toEqual([])
  await expect(lab.startControlPlane()).rejects.toMatchObject({ code: 'already-up' })
})
