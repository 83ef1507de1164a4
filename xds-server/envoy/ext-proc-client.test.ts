import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { startTinyClassifier } from '../../test/support/ext-proc.ts'
import { askProcessor } from './ext-proc-client.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})
const aSocket = () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-ask-'))
  open.push(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'c.sock')
}
const ask = (path: string, profile = 'p', ms = 2_000) =>
  askProcessor({ kind: 'unix', path }, { 'x-postern-profile': profile, authorization: 'Bearer t' }, ms)
const profile = { id: 'p', enforce: false, waf: [], dlp: [], onFailure: 'failOpen' } as const

test('a classifier that knows the profile answers; it is asked for no body', async () => {
  const path = aSocket()
  const classifier = await startTinyClassifier(path)
  open.push(() => classifier.stop())
  classifier.profiles = [profile]
  expect(await ask(path)).toEqual({ ok: true })
  expect(classifier.questions).toMatchObject([{ profile: 'p', authorization: 'Bearer t', path: '/', bodyMode: 0 }])
  expect(await ask(path, 'q')).toEqual({ ok: false, absent: false, reason: 'no such profile' })
})

test('a refusal is a verdict like any other; that there is none is not', async () => {
  const path = aSocket()
  const classifier = await startTinyClassifier(path)
  open.push(() => classifier.stop())
  classifier.profiles = [profile]
  classifier.refusesWith = 'Forbidden'
  expect(await ask(path)).toEqual({ ok: true })
  classifier.refusesWith = 'ServiceUnavailable'
  expect(await ask(path)).toEqual({ ok: false, absent: false, reason: 'it comes to no verdict' })
})

test('nobody listens', async () => {
  const path = aSocket()
  expect(await ask(path)).toEqual({ ok: false, absent: true, reason: 'nobody listens there' })
  const classifier = await startTinyClassifier(path)
  await classifier.stop()
  expect(await ask(path)).toMatchObject({ ok: false, absent: true })
})

test('somebody listens who never says a word', async () => {
  const path = aSocket()
  const mute = createServer((socket) => socket.on('error', () => undefined)).listen(path)
  open.push(() => mute.close())
  expect(await ask(path, 'p', 200)).toMatchObject({ ok: false, absent: false })
})
