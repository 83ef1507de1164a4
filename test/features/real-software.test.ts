/**
 * Real clients and servers, as far as this machine has them, through a relay that keeps the first bytes of both
 * directions: what the signatures make of software that nobody wrote for them.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectHttp2, createServer as createHttp2 } from 'node:http2'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js'
import { Client } from 'pg'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Classification, classify } from '../../classifier/classify.ts'

const relayPort = 23300
const upstreamPort = 23301
const folder = mkdtempSync(join(tmpdir(), 'real-software-'))
const running: ChildProcess[] = []

function has(...programs: readonly string[]): boolean {
  return programs.every((program) => {
    try {
      execFileSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${program}`])
      return true
    } catch {
      return false
    }
  })
}

/** Starts a server and waits until it takes connections. */
async function start(program: string, ...args: readonly string[]): Promise<void> {
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }
  const child = spawn(program, args, { stdio: 'ignore', env, cwd: folder, detached: true })
  running.push(child)
  while (!(await isOpen())) if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`)
}

async function isOpen(): Promise<boolean> {
  const socket = connect(upstreamPort, '127.0.0.1')
  const open = new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  })
  return open.finally(() => socket.destroy())
}

/** Each server has a process group of its own: nobody it forked outlives it. */
async function stopAll(): Promise<void> {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const gone = once(child, 'exit')
    process.kill(-child.pid!, 'SIGKILL')
    await gone
  }
  while (await isOpen());
}

type Recording = { readonly client: Buffer[]; readonly server: Buffer[]; readonly done: Promise<void> }

let recording: Recording
let relay: Server

/** The relay keeps the last connection's bytes. Without a server behind it, it listens and closes after the first bytes. */
beforeAll(async () => {
  relay = createServer((near) => {
    const far = connect(upstreamPort, '127.0.0.1')
    const [client, server]: [Buffer[], Buffer[]] = [[], []]
    const done = new Promise<void>((resolve) => near.once('close', () => resolve()))
    recording = { client, server, done }
    near.on('data', (data) => {
      client.push(data)
      if (!far.destroyed) far.write(data)
      else near.end()
    })
    far.on('data', (data) => {
      server.push(data)
      near.write(data)
    })
    far.on('end', () => near.end()).on('error', () => client.length > 0 && near.end())
    near.on('end', () => far.end()).on('error', () => far.destroy())
  })
  relay.listen(relayPort, '127.0.0.1')
  await once(relay, 'listening')
})

afterAll(async () => {
  await stopAll()
  relay.close()
  rmSync(folder, { recursive: true, force: true })
})

async function seen(): Promise<Classification> {
  await recording.done
  return classify(Buffer.concat(recording.client), Buffer.concat(recording.server), true)
}

/** Runs a client to its end, however it ends. */
async function run(program: string, ...args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: 'ignore', cwd: folder, detached: true })
  running.push(child)
  await once(child, 'exit')
}

describe('real software', () => {
  test.skipIf(!has('nginx', 'curl'))('curl and nginx', async () => {
    const http = `access_log off; server { listen 127.0.0.1:${upstreamPort}; return 200 ok; }`
    writeFileSync(
      join(folder, 'nginx.conf'),
      `pid ${folder}/nginx.pid; error_log stderr; daemon off; events {} http { ${http} }`,
    )
    await start('nginx', '-p', folder, '-c', join(folder, 'nginx.conf'))
    await run('curl', '-s', `http://127.0.0.1:${relayPort}/votes`)
    expect(await seen()).toEqual({ application: 'http', confidence: 'certain', decidedBy: 'client' })
    await stopAll()
  })

  test.skipIf(!has('redis-server', 'redis-cli'))(
    'redis-cli, the Node client with RESP3, and redis-server',
    async () => {
      await start('redis-server', '--port', String(upstreamPort), '--bind', '127.0.0.1', '--save', '')
      await run('redis-cli', '-p', String(relayPort), 'ping')
      expect(await seen()).toMatchObject({ application: 'redis', confidence: 'certain' })

      const client = createClient({ url: `redis://127.0.0.1:${relayPort}`, RESP: 3 })
      await client.connect()
      await client.set('votes', '1')
      client.destroy()
      expect(await seen()).toMatchObject({ application: 'redis', confidence: 'certain' })
      await stopAll()
    },
  )

  test.skipIf(!has('psql'))('psql with and without TLS, and the Node client', async () => {
    for (const mode of ['prefer', 'disable']) {
      await run(
        'psql',
        `host=127.0.0.1 port=${relayPort} user=a dbname=b sslmode=${mode} connect_timeout=2`,
        '-c',
        'select 1',
      )
      expect(await seen()).toMatchObject({ application: 'postgresql', confidence: 'certain' })
    }
    const client = new Client({ host: '127.0.0.1', port: relayPort, user: 'a', database: 'b' })
    client.on('error', () => {})
    await expect(client.connect()).rejects.toThrow()
    expect(await seen()).toMatchObject({ application: 'postgresql', confidence: 'certain' })
  })

  test.skipIf(!has('sshd', 'ssh', 'ssh-keygen'))('ssh and sshd', async () => {
    const key = join(folder, 'host_key')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    chmodSync(key, 0o600)
    mkdirSync('/run/sshd', { recursive: true })
    const sshd = execFileSync('sh', ['-c', 'PATH=$PATH:/usr/sbin command -v sshd'], { encoding: 'utf8' }).trim()
    await start(
      sshd,
      '-D',
      '-f',
      '/dev/null',
      '-h',
      key,
      '-p',
      String(upstreamPort),
      '-o',
      'ListenAddress=127.0.0.1',
      '-o',
      'PidFile=none',
    )
    await run(
      'ssh',
      '-F',
      '/dev/null',
      '-o',
      'BatchMode=yes',
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-p',
      String(relayPort),
      '127.0.0.1',
      'true',
    )
    expect(await seen()).toEqual({ application: 'ssh', confidence: 'certain', decidedBy: 'client' })
    await stopAll()
  })

  test.skipIf(!has('openssl'))('openssl s_client and s_server', async () => {
    const [key, certificate] = [join(folder, 'tls.key'), join(folder, 'tls.pem')]
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-subj',
        '/CN=yelb',
        '-keyout',
        key,
        '-out',
        certificate,
      ],
      { stdio: 'ignore' },
    )
    await start('openssl', 's_server', '-accept', `127.0.0.1:${upstreamPort}`, '-key', key, '-cert', certificate)
    await run('openssl', 's_client', '-connect', `127.0.0.1:${relayPort}`, '-servername', 'ui.yelb.example')
    expect(await seen()).toEqual({
      application: 'tls',
      confidence: 'certain',
      decidedBy: 'client',
      serverName: 'ui.yelb.example',
    })
    await stopAll()
  })

  test.skipIf(!has('dig'))('dig over TCP', async () => {
    await run(
      'dig',
      '+tcp',
      '+tries=1',
      '+time=1',
      '@127.0.0.1',
      '-p',
      String(relayPort),
      'redis-server.default.svc.cluster.local',
      'AAAA',
    )
    expect(await seen()).toMatchObject({ application: 'dns', confidence: 'certain' })
  })

  test.skipIf(!has('git'))('git and its daemon', async () => {
    execFileSync('git', ['init', '-q', '--bare', join(folder, 'repo.git')])
    await start(
      'git',
      'daemon',
      '--reuseaddr',
      '--export-all',
      `--base-path=${folder}`,
      '--listen=127.0.0.1',
      `--port=${upstreamPort}`,
    )
    await run('git', 'ls-remote', `git://127.0.0.1:${relayPort}/repo.git`)
    expect(await seen()).toMatchObject({ application: 'git', confidence: 'certain' })
    await stopAll()
  })

  test('HTTP/2 without TLS, and gRPC in it', async () => {
    const server = createHttp2((_, response) => response.end('ok')).listen(upstreamPort, '127.0.0.1')
    await once(server, 'listening')
    const session = connectHttp2(`http://127.0.0.1:${relayPort}`)
    const stream = session.request({ ':path': '/' })
    await once(stream.resume(), 'end')
    session.destroy()
    expect(await seen()).toEqual({ application: 'http2', confidence: 'certain', decidedBy: 'client' })

    const text = {
      requestSerialize: Buffer.from,
      requestDeserialize: String,
      responseSerialize: Buffer.from,
      responseDeserialize: String,
    }
    const method = { path: '/votes.Votes/Get', requestStream: false, responseStream: false, ...text }
    const votes = new (makeGenericClientConstructor({ get: method }, 'Votes'))(
      `127.0.0.1:${relayPort}`,
      credentials.createInsecure(),
    )
    await new Promise<void>((resolve) => votes.get?.('x', () => resolve()))
    votes.close()
    expect(await seen()).toEqual({ application: 'grpc', confidence: 'certain', decidedBy: 'client' })
    server.close()
  })
})
