/** Commands and daemons: started, bounded in time and output, and never through a shell that reads our arguments. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { LabError } from './error.ts'
import { type ProcessRef, processOf } from './processes.ts'

export type RunOptions = {
  /** Standard input; nothing by default. */
  readonly input?: string | Uint8Array
  /** After it the command and its children are killed and the code is 124, as timeout(1) has it. */
  readonly timeoutMs?: number
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export type RunResult = {
  /** Exit code; 128 + n when signal n ended it. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const defaultTimeoutMs = 60_000
/** Of each of stdout and stderr; what comes after is read and dropped. */
export const maxOutputBytes = 8 * 1024 * 1024
const timeoutCode = 124

/** Should we be killed, a command of ours does not go on making things behind the back of who cleans up. */
const dieWithUs = ['setpriv', '--pdeathsig', 'KILL']

/** Runs a command to its end; code 127: there is no such program. Rejects only when the signal says stop. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  options.signal?.throwIfAborted()
  const [file = '', ...args] = [...dieWithUs, ...argv]
  const child = spawn(file, args, {
    detached: true, // its own process group: a timeout takes its children too
    ...(options.env === undefined ? {} : { env: options.env }),
  })
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  child.stdin.on('error', () => {}) // it need not read what we have for it
  child.stdin.end(options.input)
  const code = await codeOf(child, options)
  return { code, stdout: stdout(), stderr: stderr() }
}

/** As `run`. @throws LabError `failed` on any code but 0, with what the command said. */
export async function mustRun(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(argv, options)
  if (code !== 0) throw new LabError('failed', `${argv.join(' ')}: exit code ${code}: ${(stderr || stdout).trim()}`)
  return stdout
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = []
  let size = 0
  stream.on('data', (chunk: Buffer) => {
    if (size < maxOutputBytes) chunks.push(chunk.subarray(0, maxOutputBytes - size))
    size += chunk.length
  })
  return () => Buffer.concat(chunks).toString('utf8')
}

function codeOf(child: ChildProcess, options: RunOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    let timedOut = false
    const stop = () => killGroup(child)
    const timer = setTimeout(() => {
      timedOut = true
      stop()
    }, options.timeoutMs ?? defaultTimeoutMs)
    options.signal?.addEventListener('abort', stop, { once: true })
    child.once('error', (cause) => {
      clearTimeout(timer)
      reject(new LabError('failed', `could not start ${child.spawnfile}`, { cause }))
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', stop)
      if (options.signal?.aborted) reject(options.signal.reason)
      else resolve(timedOut ? timeoutCode : (code ?? 128 + constants.signals[signal ?? 'SIGKILL']))
    })
  })
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Starts a process that outlives us, in a session of its own, its output added to `log`. */
export async function startDaemon(
  argv: readonly string[],
  options: { readonly log: string; readonly env: Readonly<Record<string, string>> },
): Promise<ProcessRef> {
  const [file = '', ...args] = argv
  const log = openSync(options.log, 'a', 0o640) // appending: the keeper may cut the file under it
  const child = spawn(file, args, { detached: true, stdio: ['ignore', log, log], env: options.env })
  closeSync(log)
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (cause) => reject(new LabError('failed', `could not start ${file}`, { cause })))
  })
  child.unref()
  // one that ended already keeps its pid until we have read its end, so this is still it; an empty time is never alive
  return processOf(child.pid!) ?? { pid: child.pid!, startTime: '' }
}

/** The last lines of a log, for error messages. */
export function tail(log: string, lines = 15): string {
  try {
    return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  } catch {
    return ''
  }
}
