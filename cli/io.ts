/** What a command may touch: two streams, files, the clock. Tests give their own and so run commands in-process. */
import type { Client } from './client.ts'

export type Io = {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** The output is a terminal that shows colours. */
  readonly colour: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** A whole file; `-` is standard input. */
  readonly read: (path: string) => Promise<Buffer>
  /** The same, as it comes. */
  readonly stream: (path: string) => AsyncIterable<Uint8Array>
  readonly write: (path: string, text: string) => Promise<void>
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** What each command file is given. */
export type Context = {
  readonly io: Io
  /** Made when first asked for: `classify` needs none. */
  readonly client: () => Client
  /** Ends the command with this exit code once it has returned. */
  readonly exitWith: (code: number) => void
}
