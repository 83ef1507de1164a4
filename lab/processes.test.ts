import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { statSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { ended, isAlive, isListening, networkOf, processesIn, processOf, signalAll } from './processes.ts'

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function sleeper(): ChildProcess {
  const child = spawn('sleep', ['1000'])
  children.push(child)
  return child
}

test('a process is its pid and its start time: the same number later is another one', () => {
  const child = processOf(sleeper().pid!)!
  expect(isAlive(child)).toBe(true)
  expect(isAlive({ ...child, startTime: '1' })).toBe(false)
})

test('a signal reaches the process meant and no other', async () => {
  const [meant, other] = [sleeper(), sleeper()]
  const target = processOf(meant.pid!)!
  signalAll([target, { pid: other.pid!, startTime: '1' }, { pid: 2 ** 22 + 1, startTime: '1' }], 'SIGKILL')
  await ended([target])
  expect(isAlive(target)).toBe(false)
  expect(isAlive(processOf(other.pid!)!)).toBe(true)
})

test('one that has ended and was not reaped is not alive', async () => {
  const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 1000'])
  children.push(parent)
  const pid = Number(await new Promise((resolve) => parent.stdout!.once('data', resolve)))
  await ended([{ pid, startTime: processOf(pid)?.startTime ?? '' }])
  expect(statSync(`/proc/${pid}`).isDirectory()).toBe(true)
  expect(processOf(pid)).toBeUndefined()
})

test('processes of a namespace are found by its inode', () => {
  const child = sleeper()
  const inside = processesIn(new Set([networkOf(process.pid)])).map(({ pid }) => pid)
  expect(inside).toEqual(expect.arrayContaining([process.pid, child.pid]))
  expect(processesIn(new Set([1]))).toEqual([])
})

test('listening is read from /proc, for both families and protocols, and ends with the socket', async () => {
  const server = createServer().listen(0, '::1')
  await new Promise((resolve) => server.once('listening', resolve))
  const tcp = (server.address() as AddressInfo).port
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await new Promise((resolve) => socket.once('listening', resolve))
  const udp = socket.address().port
  expect([isListening(process.pid, 'tcp', tcp), isListening(process.pid, 'udp', udp)]).toEqual([true, true])
  await Promise.all([new Promise((resolve) => server.close(resolve)), new Promise<void>((done) => socket.close(done))])
  expect([isListening(process.pid, 'tcp', tcp), isListening(process.pid, 'udp', udp)]).toEqual([false, false])
})
