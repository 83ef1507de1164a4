/** Streams that are kept, files that are given: commands run in the test's own process. */
import { collectBytes } from '../bytes.ts'
import type { Io } from '../io.ts'

export type QuietIo = {
  readonly io: Io
  readonly output: () => string
  readonly errors: () => string
  readonly written: ReadonlyMap<string, string>
}

export function quietIo(given: Partial<Pick<Io, 'env' | 'now'>> & { files?: Readonly<Record<string, string | Buffer>> } = {}): QuietIo {
  const [out, err]: [string[], string[]] = [[], []]
  const written = new Map<string, string>()
  const files = given.files ?? {}
  const stream = async function* (path: string): AsyncGenerator<Buffer> {
    const content = files[path]
    if (content === undefined) throw new Error(`ENOENT: no such file ${path}`)
    yield Buffer.from(content)
  }
  const io: Io = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    colour: false,
    env: given.env ?? {},
    read: (path) => collectBytes(stream(path)),
    stream,
    write: async (path, text) => void written.set(path, text),
    now: given.now ?? Date.now,
  }
  return { io, output: () => out.join(''), errors: () => err.join(''), written }
}
