/**
 * webhook/init/redirect.sh in a real network namespace: a pod and a peer on one wire. Every port of both answers with
 * its own number, so an answer says where a connection ended up.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mustRun, run } from '../../lab/run.ts'
import { cable, inside, ip, removeLeftovers, removeNamespace } from '../support/namespaces.ts'
import { kill } from '../support/processes.ts'

const script = join(import.meta.dirname, '../../webhook/init/redirect.sh')
const pod = `postern-test-pod-${process.pid}`
const peer = `postern-test-peer-${process.pid}`
const podIps = ['10.244.78.2', 'fd77:78::2'] as const
const peerIps = ['10.244.78.1', 'fd77:78::1'] as const
const [app, other] = [8080, 8081]
const appUid = 14799
const proxyUid = 14747

const redirect = (...args: string[]) => run(inside(pod, 'sh', script, ...args))
const rules = async () => {
  const tables = await Promise.all(['iptables-save', 'ip6tables-save'].map((tool) => mustRun(inside(pod, tool))))
  return tables.join('').replace(/^#.*\n/gm, '')
}

/** The port that answers, or curl's exit code as text. */
async function answer(from: string, uid: number, ip: string, port: number): Promise<string> {
  const host = ip.includes(':') ? `[${ip}]` : ip
  const user = ['setpriv', '--reuid', String(uid), '--regid', String(uid), '--clear-groups']
  const { code, stdout } = await run(inside(from, ...user, 'curl', '-sg', '-m', '2', `http://${host}:${port}/`))
  return code === 0 ? stdout : `curl ${code}`
}

const answers = (from: string, uid: number, ips: readonly string[], port: number) =>
  Promise.all(ips.map((ip) => answer(from, uid, ip, port)))

async function serve(namespace: string, ports: readonly number[]): Promise<ChildProcess> {
  const program = `
    const http = require('node:http')
    let left = ${ports.length}
    for (const port of ${JSON.stringify(ports)})
      http.createServer((q, r) => r.end(String(q.socket.localPort))).listen(port, '::', () => --left || console.log('up'))`
  const [file = '', ...args] = inside(namespace, process.execPath, '--input-type=commonjs', '-e', program)
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return child
}

const servers: ChildProcess[] = []
let bin = ''

beforeAll(async () => {
  bin = await mkdtemp(join(tmpdir(), 'postern-redirect-'))
  await removeLeftovers(/^postern-test-(?:pod|peer)-(\d+)$/)
  for (const name of [pod, peer]) await ip('netns', 'add', name)
  await cable(pod, peer)
  for (const [name, [v4, v6]] of [
    [pod, podIps],
    [peer, peerIps],
  ] as const) {
    await ip('-n', name, 'addr', 'add', `${v4}/24`, 'dev', 'eth0')
    await ip('-n', name, 'addr', 'add', `${v6}/64`, 'dev', 'eth0', 'nodad')
  }
  servers.push(await serve(pod, [app, other, 15001, 15006, 16001, 16006]), await serve(peer, [app, other]))
})

afterAll(async () => {
  await Promise.all(servers.map(kill))
  for (const name of [pod, peer]) await removeNamespace(name)
  await rm(bin, { recursive: true, force: true })
})

describe('redirect.sh', () => {
  beforeEach(() => redirect('--clean'))

  test('sends inbound and outbound TCP through the sidecar, v4 and v6', async () => {
    expect(await answers(peer, appUid, podIps, app)).toEqual(['8080', '8080'])
    expect(await redirect()).toMatchObject({ code: 0 })
    expect(await answers(peer, appUid, podIps, app)).toEqual(['15006', '15006'])
    expect(await answers(pod, appUid, peerIps, app)).toEqual(['15001', '15001'])
    expect(await answers(pod, 0, peerIps, app)).toEqual(['15001', '15001'])
  })

  test('leaves the proxy and loopback alone, the pod’s own addresses included', async () => {
    await redirect()
    expect(await answers(pod, proxyUid, peerIps, app)).toEqual(['8080', '8080'])
    expect(await answers(pod, appUid, ['127.0.0.1', '127.9.9.9', '::1', ...podIps], app)).toEqual(Array(5).fill('8080'))
  })

  test('gives ::6 for the sidecar’s connections to the app, once', async () => {
    await redirect()
    await redirect()
    const shown = await mustRun(inside(pod, 'ip', '-6', '-o', 'addr', 'show', 'dev', 'lo'))
    expect(shown.match(/ ::6\/128 /g)).toHaveLength(1)
  })

  test('run twice it leaves the same rules, run with other ports the other ports', async () => {
    await redirect()
    const once = await rules()
    await redirect()
    expect(await rules()).toBe(once)
    await redirect('--inbound-port', '16006', '--outbound-port', '16001', '--proxy-uid', String(appUid))
    expect(await answers(peer, appUid, podIps, app)).toEqual(['16006', '16006'])
    expect(await answers(pod, 0, peerIps, app)).toEqual(['16001', '16001'])
    expect(await answers(pod, appUid, peerIps, app)).toEqual(['8080', '8080'])
  })

  test('excepts the ports it is told to, by flag or variable', async () => {
    await redirect('--exclude-inbound', `22,${app}`, '--exclude-outbound', String(other))
    expect(await answers(peer, appUid, podIps, app)).toEqual(['8080', '8080'])
    expect(await answers(peer, appUid, podIps, other)).toEqual(['15006', '15006'])
    expect(await answers(pod, appUid, peerIps, app)).toEqual(['15001', '15001'])
    expect(await answers(pod, appUid, peerIps, other)).toEqual(['8081', '8081'])
    await mustRun(inside(pod, 'env', `POSTERN_EXCLUDE_INBOUND=${other}`, 'sh', script))
    expect(await answers(peer, appUid, podIps, app)).toEqual(['15006', '15006'])
    expect(await answers(peer, appUid, podIps, other)).toEqual(['8081', '8081'])
  })

  test('--clean takes its own away and nothing else', async () => {
    await mustRun(inside(pod, 'iptables', '-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '--dport', '9', '-j', 'RETURN'))
    const before = await rules()
    expect(before).not.toContain('POSTERN')
    await redirect()
    await redirect('--clean')
    expect(await rules()).toBe(before)
    expect(await answers(peer, appUid, podIps, app)).toEqual(['8080', '8080'])
    await mustRun(inside(pod, 'iptables', '-t', 'nat', '-F', 'OUTPUT'))
  })

  test.each([
    [['--inbound-port', '0']],
    [['--exclude-inbound', '22,x']],
    [['--exclude-outbound', '70000']],
    [['--proxy-uid', '0']],
    [['--inbound-port']],
    [['--else']],
  ])('refuses %j with code 2 and changes nothing', async (args) => {
    const before = await rules()
    expect(await redirect(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining('redirect: ') })
    expect(await rules()).toBe(before)
  })

  describe('where IPv6 has no NAT', () => {
    /** ip6tables-restore as on a kernel without it: refuses the tables named. */
    const refusing = async (tables: string) => {
      const body = `#!/bin/sh\nrules=$(cat)\ncase "$rules" in ${tables}) exit 1 ;; esac\necho "$rules" | /usr/sbin/ip6tables-restore "$@"\n`
      await writeFile(join(bin, 'ip6tables-restore'), body, { mode: 0o755 })
      return run(inside(pod, 'env', `PATH=${bin}:${process.env.PATH}`, 'sh', script))
    }

    test('IPv6 is dropped both ways, IPv4 is redirected, loopback lives; later success lifts it', async () => {
      expect(await refusing("'*nat'*")).toMatchObject({ code: 0, stderr: expect.stringContaining('dropping') })
      expect(await answers(peer, appUid, podIps, app)).toEqual(['15006', 'curl 28'])
      expect(await answers(pod, appUid, peerIps, app)).toEqual(['15001', 'curl 28'])
      expect(await answer(pod, appUid, '::1', app)).toBe('8080')
      await redirect()
      expect(await answers(peer, appUid, podIps, app)).toEqual(['15006', '15006'])
    })

    test('where it can not be filtered either, IPv6 is switched off', async () => {
      expect(await refusing('*')).toMatchObject({ code: 0 })
      expect(await answer(peer, appUid, podIps[1], app)).toMatch(/^curl /)
      expect(await answer(peer, appUid, podIps[0], app)).toBe('15006')
    })
  })
})
