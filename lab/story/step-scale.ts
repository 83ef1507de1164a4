import { group, loadBalancerIp } from './stage.ts'
import type { Step } from './story.ts'

/** Three more pods of ui: in the group and served by the rules that are there. */
export const scale: Step = {
  title: 'Scale: four ui pods work without a rule change',
  async run(stage) {
    const revision = await stage.policy.revision()
    await stage.lab.scale('yelb-ui', 4)
    await stage.applied()
    const ips = await stage.ips('yelb-ui')
    for (const ip of ips)
      await stage.answered('external', `http://${ip}/api/getvotes`, 200, '--interface', loadBalancerIp)
    const { value } = await stage.api.call('readGroup', { params: { name: group.ui }, query: {} })
    const members = value.members.map(({ name }) => name)
    if (members.length !== 4) throw new Error(`the group has ${members.join(', ')}`)
    if ((await stage.policy.revision()) !== revision) throw new Error('the rules changed')
    return [`each of ${ips.join(', ')} serves page and votes`, `${group.ui}: ${members.join(', ')}; rules untouched`]
  },
}
