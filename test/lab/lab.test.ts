/**
 * The lab without sidecars: that its network, names and apps are real and work, so that whatever the story sees refused
 * later was refused by Postern; and that nothing of a lab is left behind, however it ended.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Lab, openLab, up } from '../../lab/lab.ts'
import { readManifest } from '../../lab/manifest.ts'
import { isAlive, networkOf, processesIn, processOf } from '../../lab/processes.ts'
import { run } from '../../lab/run.ts'
import type { LabStatus } from '../../lab/status.ts'
import { until } from '../../lab/until.ts'
import { readInventory } from '../../xds-server/kubernetes/inventory.ts'
import { kill } from '../support/processes.ts'

const plain = { controlPlane: false, sidecars: false } as const
const curl = ['curl', '-sSg', '-m', '5']

/** The machine as a lab must leave it: addresses, its namespaces, mounts of its directory, what lies over /etc. */
const machine = (dir: string) => {
  const { prefix } = openLab(dir).paths
  return {
    addresses: Object.entries(networkInterfaces()).map(([name, list]) => [name, list?.map(({ address }) => address)]),
    // on a machine that never had one the folder is not there
    namespaces: (existsSync('/run/netns') ? readdirSync('/run/netns') : [])
      .filter((name) => name.startsWith(prefix))
      .sort(),
    mounts: readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(dir)),
    etc: existsSync('/etc/netns') ? readdirSync('/etc/netns') : [],
    shared: readdirSync('/dev/shm').filter((name) => /envoy|PostgreSQL/.test(name)),
  }
}

const pods = (status: LabStatus) => (status.state === 'down' ? [] : status.pods)

describe('a plain lab', () => {
  let parent = ''
  let dir = ''
  let lab: Lab
  let before: ReturnType<typeof machine>

  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'postern-lab-test-'))
    dir = join(parent, 'lab')
    before = machine(dir)
    lab = await up({ dir, ...plain })
  })
  afterAll(async () => {
    await lab?.down()
    await rm(parent, { recursive: true, force: true })
  })

  const said = async (pod: string, ...argv: string[]) => {
    const { code, stdout, stderr } = await lab.exec(pod, argv)
    return code === 0 ? stdout.trim() : `exit code ${code}: ${stderr}`
  }
  const fetched = (pod: string, ...args: string[]) => said(pod, ...curl, ...args)

  test('all pods are ready, and only namespaces were added to the machine', async () => {
    const status = await lab.status()
    expect(pods(status).map(({ name, namespace, app }) => [name, namespace, app])).toEqual([
      ['coredns-1', 'kube-system', 'ready'],
      ['yelb-ui-1', 'yelb', 'ready'],
      ['yelb-appserver-1', 'yelb', 'ready'],
      ['redis-server-1', 'yelb', 'ready'],
      ['yelb-db-1', 'yelb', 'ready'],
      ['ubuntu-1', 'default', 'ready'],
      ['ubuntu-2', 'default', 'ready'],
      ['legacy-1', 'default', 'ready'],
      ['external', '', 'ready'],
    ])
    const added = pods(status).map(({ network }) => network)
    const node = added[0]!.replace('coredns-1', 'node')
    expect(machine(dir)).toEqual({ ...before, namespaces: [...added, node].sort() })
  })

  test('Yelb works from end to end: page, votes in PostgreSQL, page views in Redis', async () => {
    expect(await fetched('external', 'http://yelb-ui.yelb/')).toContain('<title>Yelb</title>')
    const outback = Number(await fetched('external', 'http://yelb-ui.yelb/api/outback'))
    expect(await fetched('external', '-X', 'POST', 'http://yelb-ui.yelb/api/outback')).toBe(String(outback + 1))
    const votes = JSON.parse(await fetched('external', 'http://yelb-ui.yelb/api/getvotes'))
    expect(votes).toContainEqual({ name: 'outback', value: outback + 1 })
    expect(
      await said('legacy', 'psql', '-h', 'yelb-db.yelb', '-U', 'yelb', '-Atc', 'TABLE restaurants', 'yelbdatabase'),
    ).toContain(`outback|${outback + 1}`)
    const views = Number(await fetched('external', 'http://yelb-ui.yelb/api/pageviews'))
    const stats = JSON.parse(await fetched('external', 'http://yelb-ui.yelb/api/getstats'))
    expect(stats).toEqual({ hostname: 'yelb-appserver-1', pageviews: String(views + 1) })
    expect(await said('legacy', 'redis-cli', '-h', 'redis-server.yelb', 'get', 'pageviews')).toBe(String(views + 1))
    expect(await fetched('yelb-ui', 'http://yelb-appserver:4567/api/hostname')).toBe('yelb-appserver-1')
    expect(await fetched('external', '-o', '/dev/null', '-w', '%{http_code}', 'http://yelb-ui.yelb/api/else')).toBe(
      '404',
    )
  })

  test('the database lets nobody in without the password', async () => {
    const argv = ['env', 'PGPASSFILE=/dev/null', 'psql', '-w', '-h', 'yelb-db.yelb', '-U', 'yelb', 'yelbdatabase']
    expect(await said('legacy', ...argv)).toContain('no password supplied')
  })

  test('names: search paths, UDP and TCP, v6, both of one pod, the partner’s, and none that is not ours', async () => {
    const dig = (name: string, ...args: string[]) => said('ubuntu', 'dig', '+short', '+tries=1', ...args, name)
    const ui = 'yelb-ui.yelb.svc.cluster.local'
    expect(await dig(ui)).toBe('10.244.77.11')
    expect(await dig(ui, '+tcp')).toBe('10.244.77.11')
    expect(await dig('yelb-ui-v6.yelb.svc.cluster.local', 'AAAA')).toBe('fd77:77::11')
    expect(await dig('ubuntu-2.ubuntu.default.svc.cluster.local', 'AAAA')).toBe('fd77:77::16')
    expect(await dig('api.partner.test')).toBe('192.168.120.150')
    expect(await said('ubuntu', 'dig', '+noall', '+comments', 'example.com')).toContain('status: REFUSED')
    expect(await said('yelb-appserver', 'getent', 'ahostsv4', 'yelb-db')).toContain('10.244.77.14')
    expect(await fetched('external', '-6', 'http://yelb-ui-v6.yelb/')).toContain('Yelb')
  })

  test('the outside: two load balancer addresses, and a partner over HTTP and TLS', async () => {
    for (const from of ['192.168.120.100', '192.168.120.101', 'fd78::100']) {
      const legacy = from.includes(':') ? '[fd77:77::17]' : '10.244.77.17'
      const seen = await fetched('external', '--interface', from, `http://${legacy}:8080/`)
      expect(JSON.parse(seen)).toMatchObject({ host: 'legacy-1', from })
    }
    expect(JSON.parse(await fetched('ubuntu', '-4', 'http://api.partner.test/a'))).toEqual({
      host: 'external',
      method: 'GET',
      url: '/a',
      from: '10.244.77.15',
    })
    expect(JSON.parse(await fetched('ubuntu', '-4', '-k', 'https://files.partner.test/'))).toMatchObject({
      host: 'external',
    })
    expect(await fetched('node', 'http://10.244.77.11/')).toContain('Yelb')
  })

  test('ssh between the two ubuntu pods, by key only', async () => {
    expect(await said('ubuntu-1', 'ssh', 'ubuntu-2.ubuntu', 'hostname')).toBe('ubuntu-2')
    expect(await said('ubuntu-2', 'ssh', '-6', 'ubuntu-1.ubuntu', 'hostname')).toBe('ubuntu-1')
    expect(
      await said(
        'ubuntu-1',
        'ssh',
        '-o',
        'IdentityFile=none',
        '-i',
        '/dev/null',
        '-o',
        'IdentitiesOnly=yes',
        'ubuntu-2.ubuntu',
        'true',
      ),
    ).toContain('Permission denied (publickey)')
  })

  test('an app has no capability and sees no other pod’s files, nor the lab’s', async () => {
    const look = `grep -h Cap.*: /proc/self/status; id -u; pwd; ls /mnt; ls -a ${lab.paths.dir}`
    const { stdout, stderr } = await lab.exec('ubuntu-1', ['sh', '-c', look])
    const seen = stdout
      .replaceAll(/Cap\w+:\s+0{16}\n/g, '')
      .split('\n')
      .filter(Boolean)
    expect(seen).toEqual(['14766', '/mnt/app', 'app', 'envoy', 'image'])
    expect(stderr).toContain('Permission denied')
  })

  test('exec: codes, input, both outputs, timeouts, users', async () => {
    expect(await lab.exec('legacy', ['sh', '-c', 'cat; echo err >&2; exit 7'], { input: 'in' })).toEqual({
      code: 7,
      stdout: 'in',
      stderr: 'err\n',
    })
    expect(await lab.exec('legacy', ['sleep', '100'], { timeoutMs: 200 })).toMatchObject({ code: 124 })
    expect(await lab.exec('legacy', ['id', '-u'], { uid: 4711 })).toMatchObject({ stdout: '4711\n' })
    expect(await lab.exec('legacy', ['nosuchprogram'])).toMatchObject({ code: 127 })
    await expect(lab.exec('nobody', ['true'])).rejects.toMatchObject({ code: 'unknown-pod' })
  })

  test('traffic: every client gets what it wants; it stops when told, at its deadline, and with the lab', async () => {
    const traffic = await lab.startTraffic({ intervalMs: 0 })
    const { rounds, flows } = await traffic.stop()
    expect(Object.entries(flows).filter(([, { lastFailure }]) => lastFailure !== null)).toEqual([])
    expect(Object.keys(flows)).toHaveLength(9)
    expect(rounds).toBeGreaterThan(0)
    await expect(traffic.nextRound()).rejects.toMatchObject({ code: 'failed' })

    const short = await lab.startTraffic({ durationMs: 2_000, intervalMs: 10_000 })
    await expect(short.nextRound()).rejects.toMatchObject({ code: 'failed' })
  })

  test('scale: new pods get addresses never used before, their name leads to them, and gone ones are gone', async () => {
    const uis = async () => {
      const names = await said('ubuntu', 'dig', '+short', 'yelb-ui.yelb.svc.cluster.local')
      return names.split('\n').filter(Boolean).sort()
    }
    const inInventory = async () => {
      const inventory = await readInventory(lab.paths.inventory)
      if (!inventory.ok) throw new Error(JSON.stringify(inventory.problems))
      return inventory.value.workloads.filter(({ owner }) => owner.name === 'yelb-ui').map(({ ips }) => ips[0])
    }
    await lab.scale('yelb-ui', 3)
    const three = ['10.244.77.11', '10.244.77.18', '10.244.77.19']
    expect(await uis()).toEqual(three)
    expect(await inInventory()).toEqual(three)
    expect(await fetched('external', 'http://10.244.77.19/api/ihop')).toMatch(/^\d+$/)

    await lab.scale('yelb-ui', 1)
    expect(await uis()).toEqual(['10.244.77.11'])
    expect(await inInventory()).toEqual(['10.244.77.11'])
    expect(pods(await lab.status()).map(({ name }) => name)).not.toContain('yelb-ui-2')
    expect(await fetched('external', '-m', '1', 'http://10.244.77.19/')).toMatch(/exit code (7|28)/)

    await lab.scale('yelb-ui', 2)
    expect(await uis()).toEqual(['10.244.77.11', '10.244.77.20'])
    await expect(lab.scale('yelb-db', 2)).rejects.toMatchObject({ code: 'bad-argument' })
    await expect(lab.scale('nothing', 2)).rejects.toMatchObject({ code: 'bad-argument' })
  })

  test('an app that ended shows as ended', async () => {
    const app = readManifest(lab.paths)?.processes.find(({ pod }) => pod === 'legacy-1')
    process.kill(app!.pid, 'SIGKILL')
    await until(() => !isAlive(app!), { what: 'its end', timeoutMs: 5_000 })
    expect(pods(await lab.status()).find(({ name }) => name === 'legacy-1')).toMatchObject({ app: 'ended' })
  })

  test('logs stay bounded', async () => {
    const log = join(lab.paths.logs, 'ubuntu-1.app.log')
    await appendFile(log, 'x'.repeat(5 * 1024 * 1024))
    await until(() => statSync(log).size < 1024, { what: 'the keeper', timeoutMs: 20_000 })
    expect(statSync(`${log}.old`).size).toBeGreaterThan(4 * 1024 * 1024)
  })

  test('down leaves nothing', async () => {
    const networks = new Set(pods(await lab.status()).map(({ network }) => statSync(`/run/netns/${network}`).ino))
    await lab.exec('ubuntu', ['sh', '-c', 'setsid sleep 1000 > /dev/null 2>&1 &'])
    expect(processesIn(networks).length).toBeGreaterThan(9)
    await lab.down()
    expect(processesIn(networks)).toEqual([])
    expect(machine(dir)).toEqual(before)
    expect(existsSync(lab.paths.dir)).toBe(false)
    expect(await lab.status()).toEqual({ state: 'down', dir: lab.paths.dir })
    await expect(lab.exec('ubuntu', ['true'])).rejects.toMatchObject({ code: 'not-up' })
    await lab.down()
  })
})

describe('what is in the way', () => {
  let parent = ''
  let dir = ''
  let before: ReturnType<typeof machine>
  const children: ChildProcess[] = []

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'postern-lab-test-'))
    dir = join(parent, 'lab')
    before = machine(dir)
  })
  afterEach(async () => {
    await Promise.all(children.splice(0).map(kill))
    await openLab(dir)
      .down()
      .catch(() => {}) // a directory that was never a lab's
    await rm(parent, { recursive: true, force: true })
    expect(machine(dir)).toEqual(before)
  })

  /** A process of its own that makes a lab and stays. */
  function holder(): ChildProcess {
    const program = `
      import { up } from ${JSON.stringify(join(import.meta.dirname, '../../lab/lab.ts'))}
      await up({ dir: ${JSON.stringify(dir)}, controlPlane: false, sidecars: false })
      console.log('up')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    return child
  }
  const saidUp = (child: ChildProcess) => new Promise((resolve) => child.stdout!.once('data', resolve))

  test('a lab whose process was killed is replaced by the next `up`; one in use is not', async () => {
    const child = holder()
    await saidUp(child)
    await expect(up({ dir, ...plain })).rejects.toMatchObject({ code: 'already-up' })
    const first = readManifest(openLab(dir).paths)!
    expect(first.processes.filter(isAlive)).toHaveLength(10)
    await kill(child)

    const lab = await up({ dir, ...plain })
    expect(first.processes.filter(isAlive)).toEqual([])
    expect(await lab.exec('external', [...curl, 'http://yelb-ui.yelb/api/ihop'])).toMatchObject({ stdout: '0' })
  })

  test.each([
    ['its first namespaces', (found: ReturnType<typeof readManifest>) => (found?.namespaces.length ?? 0) > 1],
    ['its first processes', (found: ReturnType<typeof readManifest>) => (found?.processes.length ?? 0) > 1],
  ])('an `up` killed at %s is taken away by `down`', async (_at, reached) => {
    const child = holder()
    const { paths } = openLab(dir)
    await until(() => reached(readManifest(paths)), { what: 'the moment', timeoutMs: 30_000 })
    await kill(child)
    const { processes, namespaces } = readManifest(paths)!
    const inodes = new Set(namespaces.flatMap(({ inode }) => inode ?? []))
    await openLab(dir).down()
    expect([...processes.filter(isAlive), ...processesIn(inodes)]).toEqual([])
  })

  test('an `up` that is told to stop takes away what it made', async () => {
    const stop = new AbortController()
    const making = up({ dir, ...plain, signal: stop.signal })
    const { paths } = openLab(dir)
    await until(() => (readManifest(paths)?.processes.length ?? 0) > 1, { what: 'processes', timeoutMs: 30_000 })
    stop.abort(new Error('enough'))
    await expect(making).rejects.toThrow('enough')
    expect(existsSync(dir)).toBe(false)
  })

  test('two that start at once: one makes it, the other says so', async () => {
    const both = await Promise.allSettled([up({ dir, ...plain }), up({ dir, ...plain })])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const refused = both.find((one) => one.status === 'rejected')
    expect(refused?.reason).toMatchObject({ code: 'busy' })
  })

  test('a directory with somebody’s files and a namespace of the same name are left alone', async () => {
    await mkdir(dir)
    await writeFile(join(dir, 'thesis.txt'), 'years')
    await expect(up({ dir, ...plain })).rejects.toMatchObject({ code: 'foreign' })
    await openLab(dir).down()
    expect(readdirSync(dir)).toEqual(['thesis.txt'])
    await rm(dir, { recursive: true })

    const name = `${openLab(dir).paths.prefix}-legacy-1`
    await run(['ip', 'netns', 'add', name])
    await expect(up({ dir, ...plain })).rejects.toMatchObject({ code: 'foreign' })
    expect(existsSync(`/run/netns/${name}`)).toBe(true)
    await run(['ip', 'netns', 'del', name])
  })

  test('a namespace that was made anew by somebody else, and a pid that was given on, are not touched', async () => {
    const lab = await up({ dir, ...plain })
    const manifest = readManifest(lab.paths)!
    const name = manifest.namespaces.find((one) => one.name.endsWith('legacy-1'))!.name
    const innocent = spawn('sleep', ['1000'])
    children.push(innocent)
    const { pid } = processOf(innocent.pid!)!
    const stolen = { ...manifest, processes: [...manifest.processes, { pid, startTime: '1', role: 'app', pod: null }] }
    await writeFile(lab.paths.manifest, JSON.stringify(stolen))
    await run(['ip', 'netns', 'del', name])
    await run(['ip', 'netns', 'add', name])
    await run(['nsenter', `--net=/run/netns/${name}`, 'ip', 'link', 'set', 'lo', 'up'])
    const [file, ...args] = ['nsenter', `--net=/run/netns/${name}`, 'sleep', '1000']
    const guest = spawn(file!, args)
    children.push(guest)
    const inode = statSync(`/run/netns/${name}`).ino
    await until(() => networkOf(guest.pid!) === inode, { what: 'the guest', timeoutMs: 5_000 })

    await lab.down()
    expect([innocent.exitCode, innocent.signalCode, guest.exitCode, guest.signalCode]).toEqual([null, null, null, null])
    expect(statSync(`/run/netns/${name}`).ino).toBe(inode)
    await run(['ip', 'netns', 'del', name])
  })

  test('keepFiles keeps logs and data, until the next `up`', async () => {
    const lab = await up({ dir, ...plain })
    await lab.down({ keepFiles: true })
    expect(existsSync(join(lab.paths.logs, 'yelb-db-1.app.log'))).toBe(true)
    expect(await lab.status()).toEqual({ state: 'down', dir })
    await (await up({ dir, ...plain })).down()
    expect(existsSync(dir)).toBe(false)
  })
})
