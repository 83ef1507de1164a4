/** A person at a terminal with a control plane of their own: commands in, exit code and output back. */
import { type ControlPlane, controlPlane, type Said, someMoment } from '../../xds-server/api/testdata/harness.ts'
import { createProgram } from '../program.ts'
import { quietIo } from './quiet-io.ts'

type Ran = {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly written: ReadonlyMap<string, string>
}
export type Session = {
  readonly plane: ControlPlane
  /** One command as it is typed after `postern`. */
  readonly postern: (...argv: readonly string[]) => Promise<Ran>
  /** The same with files there to be read. */
  readonly withFiles: (files: Readonly<Record<string, string>>, ...argv: readonly string[]) => Promise<Ran>
}

export async function session(said: Said = {}): Promise<Session> {
  const plane = await controlPlane(said)
  const withFiles: Session['withFiles'] = async (files, ...argv) => {
    const { io, output, errors, written } = quietIo({ files, now: () => someMoment, env: { SUDO_USER: 'ann' } })
    const code = await createProgram(io).run(['--socket', plane.socket, ...argv])
    return { code, out: output(), err: errors(), written }
  }
  return { plane, withFiles, postern: (...argv) => withFiles({}, ...argv) }
}
