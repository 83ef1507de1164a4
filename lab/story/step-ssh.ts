import { group } from './stage.ts'
import type { Step } from './story.ts'

/** One group in Protect, one rule: SSH between two pods is refused, everything else goes on. */
export const ssh: Step = {
  title: 'One rule: SSH between the ubuntu pods is refused, other traffic untouched',
  async run(stage) {
    const [, second] = await stage.ips('ubuntu')
    await stage.policy.clusterMode(null)
    await stage.applied()
    const before = await stage.exec('ubuntu', ['ssh', second!, 'hostname'])
    if (before.code !== 0) throw new Error(`ssh does not work in Discover: ${before.stderr}`)
    await stage.policy.groupMode(group.ubuntu, 'protect')
    await stage.policy.insert(
      { id: 'no-ssh', from: group.ubuntu, to: group.ubuntu, applications: ['ssh'], ports: '22', action: 'deny' },
      'top',
    )
    await stage.applied()
    const since = Date.now()
    const refused = await stage.until('ssh to be refused', async () => {
      const one = await stage.exec('ubuntu', ['ssh', second!, 'hostname'])
      return one.code === 0 ? undefined : one
    })
    const event = await stage.event('ssh denied', since, (e) => e.action === 'denied' && e.rule === 'no-ssh')
    await stage.answered('ubuntu', `http://${await stage.ip('yelb-ui')}/`, 200)
    return [
      `before: ssh said ${before.stdout.trim()}`,
      `after: ${refused.stderr.trim().split('\n').at(-1)}`,
      `event ${event.id}: rule ${event.rule}`,
      'ubuntu → ui over HTTP still works',
      await stage.yelbWorks(),
    ]
  },
}
