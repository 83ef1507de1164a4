import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ended, isAlive, processOf, signalAll } from './processes.ts'
import { maxOutputBytes, mustRun, run, startDaemon, tail } from './run.ts'
import { until } from './until.ts'

const env = { PATH: process.env.PATH ?? '' }

describe('run', () => {
  test('code, both outputs, input', async () => {
    const result = await run(['sh', '-c', 'cat; echo no >&2; exit 3'], { input: 'yes' })
    expect(result).toEqual({ code: 3, stdout: 'yes', stderr: 'no\n' })
  })

  test('a signal is 128 and its number; a program that is not there is 127', async () => {
    expect(await run(['sh', '-c', 'kill -TERM $$'])).toMatchObject({ code: 143 })
    expect(await run(['no-such-program'])).toMatchObject({ code: 127 })
  })

  test('input nobody reads is no failure', async () => {
    expect(await run(['true'], { input: 'x'.repeat(1 << 20) })).toMatchObject({ code: 0 })
  })

  test('a timeout ends the command and what it started', async () => {
    const { code, stdout } = await run(['sh', '-c', 'sleep 1000 & echo $!; wait'], { timeoutMs: 300 })
    expect(code).toBe(124)
    expect(processOf(Number(stdout))).toBeUndefined()
  })

  test('a signal to stop does too, and rejects with its reason', async () => {
    const stop = new AbortController()
    const running = run(['sleep', '1000'], { signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    await expect(run(['sleep', '1000'], { signal: stop.signal })).rejects.toThrow('enough')
  })

  test('output is bounded, and the command still runs to its end', async () => {
    const { code, stdout } = await run(['sh', '-c', `head -c ${maxOutputBytes + 4096} /dev/zero; exit 5`])
    expect({ code, length: stdout.length }).toEqual({ code: 5, length: maxOutputBytes })
  })

  test('mustRun says what the command said', async () => {
    await expect(mustRun(['sh', '-c', 'echo broken >&2; exit 2'])).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('exit code 2: broken'),
    })
  })
})

describe('a daemon', () => {
  let dir = ''
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'postern-run-'))
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))

  test('is a session of its own and adds to its log', async () => {
    const log = join(dir, 'a.log')
    const script = 'echo first; echo second >&2; cut -d" " -f6 /proc/$$/stat; echo $$; exec sleep 1000'
    const daemon = await startDaemon(['sh', '-c', script], { log, env })
    await until(() => tail(log).split('\n').length === 4, { what: 'four lines', timeoutMs: 10_000 })
    expect(tail(log).split('\n')).toEqual(['first', 'second', String(daemon.pid), String(daemon.pid)])
    signalAll([daemon], 'SIGKILL')
    await ended([daemon])
    const next = await startDaemon(['true'], { log, env })
    await ended([next])
    expect(readFileSync(log, 'utf8')).toContain('first')
    expect(tail(log, 1)).toBe(String(daemon.pid))
  })

  test('that can not be started says so', async () => {
    const starting = startDaemon(['/no/such/program'], { log: join(dir, 'a.log'), env })
    await expect(starting).rejects.toMatchObject({ code: 'failed' })
    expect(isAlive({ pid: process.pid, startTime: '' })).toBe(false)
  })
})
