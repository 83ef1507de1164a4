import { currentManifest } from '../manifest.ts'
import { group, type Stage } from './stage.ts'
import type { Step } from './story.ts'

/** The Envoys that run, by pod and pid. */
const sidecarsOf = (stage: Stage): string =>
  currentManifest(stage.lab.paths)
    .processes.filter(({ role }) => role === 'sidecar')
    .map(({ pod, pid, startTime }) => `${pod} ${pid} ${startTime}`)
    .sort()
    .join(', ')

/** Bytes of policy (ECDS) sent by this control plane process. */
async function policyBytes(stage: Stage): Promise<number> {
  const text = await stage.api.text('/metrics')
  const line = text.split('\n').find((l) => l.startsWith('postern_xds_sent_bytes_total{') && l.includes('extension'))
  return line === undefined ? 0 : Number(line.split(' ').at(-1))
}

/** kill -9 of the control plane: nothing that is enforced depends on it. */
export const control: Step = {
  title: 'The control plane is killed and comes back: enforcement goes on, nothing is lost or sent again',
  async run(stage) {
    const { policy, lab } = stage
    await policy.clusterMode('protect')
    await stage.applied()
    const [rules, revision, sidecars] = [await policy.rules(), await policy.revision(), sidecarsOf(stage)]
    const forbidden = `http://${await stage.ip('yelb-db')}:4567/`
    await lab.killControlPlane()
    const during = [await stage.yelbWorks(), await stage.refused('yelb-appserver', forbidden, 'reset')]
    await lab.startControlPlane()
    await stage.applied()
    const after = [await stage.yelbWorks(), await stage.refused('yelb-appserver', forbidden, 'reset')]
    const ids = (list: typeof rules) => list.map(({ rule }) => JSON.stringify(rule)).join('\n')
    if (ids(await policy.rules()) !== ids(rules) || (await policy.revision()) !== revision)
      throw new Error('rules changed')
    if (sidecarsOf(stage) !== sidecars) throw new Error('an Envoy was restarted')
    const bytes = await policyBytes(stage)
    if (bytes !== 0) throw new Error(`${bytes} bytes of policy were sent again`)
    await policy.clusterMode(null)
    await policy.groupMode(group.ubuntu, null)
    await policy.groupMode(group.appserver, null)
    return [
      ...during.map((line) => `while it was dead: ${line}`),
      ...after.map((line) => `after: ${line}`),
      `revision ${revision} and ${rules.length} rules as before, the same ${sidecars.split(', ').length} Envoys, 0 bytes of policy sent`,
    ]
  },
}
