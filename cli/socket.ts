/** Which control plane is meant where nobody says it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

type Environment = Readonly<Record<string, string | undefined>>

export const defaultLabDir = '/run/postern-lab'

/** The lab's API in its state directory. */
export const labSocket = (dir: string): string => join(dir, 'api.sock')

/** `$POSTERN_SOCKET`, else the lab's that `$POSTERN_LAB_DIR` names, else the lab's if there is one, else the installation's. */
export function defaultSocket({ POSTERN_SOCKET, POSTERN_LAB_DIR }: Environment): string {
  if (POSTERN_SOCKET) return POSTERN_SOCKET
  if (POSTERN_LAB_DIR) return labSocket(POSTERN_LAB_DIR)
  const lab = labSocket(defaultLabDir)
  return existsSync(lab) ? lab : '/run/postern/api.sock'
}
