/** Where the Kubernetes binaries are, or that this machine has none: then suites are skipped, and say so. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const script = join(import.meta.dirname, '../../scripts/kubernetes.sh')

/** The folder, where they are built already; undefined, and a line on standard error, where they are not. */
export function kubernetesBinaries(what: 'api' | 'node'): string | undefined {
  const { status, stdout, stderr } = spawnSync('bash', [script, '--cached', what], { encoding: 'utf8' })
  if (status === 0) return stdout.trim()
  console.error(`SKIPPED, nothing of Kubernetes is tested here: ${stderr.trim()}`)
  return undefined
}
