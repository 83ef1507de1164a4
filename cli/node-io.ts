/** The real streams, files and clock. */
import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { collectBytes } from './bytes.ts'
import type { Io } from './io.ts'

/** Once for a process. */
export function nodeIo(): Io {
  process.stdout.on('error', readerLeft)
  const stream = (path: string) => (path === '-' ? process.stdin : createReadStream(path))
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    // NO_COLOR: https://no-color.org
    colour: process.stdout.isTTY === true && !process.env.NO_COLOR,
    env: process.env,
    read: (path) => collectBytes(stream(path)),
    stream,
    write: (path, text) => writeFile(path, text),
    now: Date.now,
  }
}

/** Whoever reads the pipe had enough (`postern rules | head`): that is no error. */
function readerLeft(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
}
