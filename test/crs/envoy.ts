/** The regression through a sidecar, in two rounds: what asks for the response has responses judged, the rest has not. */
import { join } from 'node:path'
import { readIgnored } from './ignored.ts'
import { type ReplayReport, replay } from './replay.ts'
import type { Sidecar } from './sidecar.ts'
import type { Stage } from './suite.ts'

const list = join(import.meta.dirname, 'ignored-envoy.yaml')

const isReflected = ({ input }: Stage): boolean => input.uri?.startsWith('/reflect') === true

export async function throughSidecar(sidecar: Sidecar, stages: readonly Stage[]): Promise<ReplayReport> {
  const reasons = readIgnored(list)
  const round = (some: readonly Stage[]) => {
    const names = new Set(some.map(({ name }) => name))
    const ignored = new Map([...reasons].filter(([name]) => names.has(name)))
    return replay({ stages: some, connect: sidecar.connect, decisionsOf: sidecar.decisionsOf, ignored })
  }
  await sidecar.judgeResponses(false)
  const plain = await round(stages.filter((stage) => !isReflected(stage)))
  await sidecar.judgeResponses(true)
  const reflected = await round(stages.filter(isReflected))
  return {
    stages: plain.stages + reflected.stages,
    failures: [...plain.failures, ...reflected.failures],
    ignored: [...plain.ignored, ...reflected.ignored],
    needlesslyIgnored: [...plain.needlesslyIgnored, ...reflected.needlesslyIgnored],
  }
}
