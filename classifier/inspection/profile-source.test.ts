/** Profiles as the control plane's API serves them, with the real API on a real socket. */

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { aWafSensor } from '../../test/support/builders.ts'
import { controlPlane } from '../../xds-server/api/testdata/harness.ts'
import type { InspectionSet } from '../../xds-server/policy/sensor.ts'
import { profileSource } from './profile-source.ts'
import { aProfile, aSensorRule, aSet, deny, regex } from './testdata/builders.ts'

const aSetOf = (id: string): InspectionSet =>
  aSet({
    wafSensors: [aWafSensor('w', { rules: [aSensorRule('r', regex('x'))] })],
    profiles: [aProfile(id, { waf: [deny('w')] })],
  })

/** A source whose sets and problems can be waited for, one by one. */
function listening(socketPath: string) {
  const said: string[] = []
  let wake = () => {}
  const say = (text: string) => {
    said.push(text)
    wake()
  }
  const source = profileSource({
    socketPath,
    onSet: ({ profiles }) => say(`set ${profiles.map(({ id }) => id).join()}`),
    onProblem: ({ path, message }) => say(`problem ${path}: ${message.replace(socketPath, 'SOCKET')}`),
  })
  const next = async (): Promise<string> => {
    while (said.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    return said.shift()!
  }
  return { source, next }
}

test('each set as soon as it is there; the connection says which one it has', async () => {
  const plane = await controlPlane()
  const { source, next } = listening(plane.socket)
  try {
    expect(await next()).toBe('set ')
    const { revision } = source.state()
    plane.inspection.publish(aSetOf('one'))
    expect(await next()).toBe('set one')
    plane.inspection.publish(aSetOf('two'))
    expect(await next()).toBe('set two')
    expect(source.state()).toEqual({ connected: true, revision: expect.any(String), problem: undefined })
    expect(source.state().revision).not.toBe(revision)
  } finally {
    await source.close()
    await plane.close()
  }
})

test('nobody answers, nonsense, a set that is refused: told once, and the next good one is taken', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-source-'))
  const socketPath = join(folder, 'api.sock')
  const { source, next } = listening(socketPath)
  let server: Server | undefined
  try {
    expect(await next()).toBe('problem : the control plane does not answer: connect ENOENT SOCKET')
    const answers = [
      { status: 500, body: 'no' },
      { status: 200, body: '{', etag: '"a"' },
      { status: 200, body: JSON.stringify({ ...aSetOf('bad'), profiles: 1 }), etag: '"b"' },
      { status: 200, body: JSON.stringify(aSetOf('good')), etag: '"c"' },
    ]
    server = createServer((_, response) => {
      const { status, body, etag } = answers.shift() ?? { status: 304, body: '' }
      response.writeHead(status, etag ? { etag } : {}).end(body)
    }).listen(socketPath)
    expect(await next()).toMatch(/^problem : must be /)
    expect(source.state()).toMatchObject({
      connected: true,
      revision: undefined,
      problem: expect.stringContaining('refused'),
    })
    expect(await next()).toBe('problem profiles: must be a list, not a number')
    expect(await next()).toBe('set good')
    expect(source.state()).toEqual({ connected: true, revision: '"c"', problem: undefined })
  } finally {
    await source.close()
    await stopped(server)
    rmSync(folder, { recursive: true })
  }
})

test('closing ends it, also while it waits', async () => {
  const plane = await controlPlane()
  const { source, next } = listening(plane.socket)
  await next()
  await source.close()
  await plane.close()
})

const stopped = (server: Server | undefined): Promise<void> =>
  new Promise((resolve) => {
    server?.closeAllConnections()
    if (server) server.close(() => resolve())
    else resolve()
  })
