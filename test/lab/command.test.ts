/** `postern lab …` as typed. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Io } from '../../cli/io.ts'
import { addLab } from '../../lab/command.ts'
import { openLab } from '../../lab/lab.ts'

let parent = ''
let dir = ''
const outer = process.env.POSTERN_LAB_DIR

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'postern-lab-test-'))
  dir = join(parent, 'lab')
  process.env.POSTERN_LAB_DIR = dir
})
afterAll(async () => {
  await openLab(dir).down()
  await rm(parent, { recursive: true, force: true })
  if (outer === undefined) delete process.env.POSTERN_LAB_DIR
  else process.env.POSTERN_LAB_DIR = outer
})

/** What a command printed, and its exit code. */
async function typed(...argv: string[]) {
  const said = { code: 0, out: '', err: '' }
  /** A lab command only prints. */
  const io: Partial<Io> = {
    out: (text) => {
      said.out += text
    },
    err: (text) => {
      said.err += text
    },
    colour: false,
  }
  const exitWith = (code: number) => {
    said.code = code
  }
  const program = new Command('postern')
  addLab(program, { io: io as Io, exitWith })
  await program.parseAsync(['lab', ...argv], { from: 'user' })
  return said
}

test('from up to down', async () => {
  expect(await typed('status')).toEqual({ code: 0, out: `no lab is up (${dir})\n`, err: '' })
  expect(await typed('exec', 'legacy', '--', 'true')).toMatchObject({ code: 1, err: expect.stringContaining('lab up') })

  const up = await typed('up', '--plain')
  expect(up.out.split('\n').slice(0, 5)).toEqual([
    `lab up in ${dir}; control plane: none`,
    '',
    'POD               NAMESPACE    OWNER           SIDECAR  APP    ADDRESSES',
    'coredns-1         kube-system  coredns         none     ready  10.244.77.10 fd77:77::10',
    'yelb-ui-1         yelb         yelb-ui         none     ready  10.244.77.11 fd77:77::11',
  ])
  expect(await typed('up', '--plain')).toMatchObject({ code: 1, err: expect.stringContaining('lab down') })

  const shell = ['sh', '-c', 'echo out; echo err >&2; exit 3']
  const asJson = await typed('exec', '--json', 'legacy', '--', ...shell)
  expect({ ...asJson, out: JSON.parse(asJson.out) }).toEqual({
    code: 3,
    out: { code: 3, stdout: 'out\n', stderr: 'err\n' },
    err: '',
  })
  expect(await typed('exec', 'legacy', '--', 'sh', '-c', 'exit 4')).toEqual({ code: 4, out: '', err: '' })

  expect((await typed('scale', 'legacy', '2')).out).toContain('legacy-2')
  expect(await typed('scale', 'legacy', 'many')).toMatchObject({ code: 1, err: expect.stringContaining('0 to 10') })
  const status = JSON.parse((await typed('status', '--json')).out)
  expect(status).toMatchObject({ state: 'up', dir, socket: join(dir, 'api.sock'), controlPlane: 'none' })
  expect(status.pods.at(-1)).toEqual({
    name: 'legacy-2',
    owner: 'legacy',
    namespace: 'default',
    network: `${openLab(dir).paths.prefix}-legacy-2`,
    ips: ['10.244.77.18', 'fd77:77::18'],
    sidecar: 'none',
    app: 'ready',
  })
  expect(await typed('down')).toEqual({ code: 0, out: `no lab is up (${dir})\n`, err: '' })
})
