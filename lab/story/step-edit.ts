import { learned } from './policy.ts'
import { group, loadBalancerIp, type Stage } from './stage.ts'
import type { Step } from './story.ts'

const isLearned = ({ rule }: { readonly rule: { readonly origin?: string | undefined } }) => rule.origin === 'learned'

async function comeBack(stage: Stage, from: string, to: string, application: string): Promise<string> {
  const back = await stage.until(`${from} → ${to} ${application} to be learned again`, async () => {
    await stage.fetch('external', `http://${await stage.ip('yelb-ui')}/api/getvotes`, '--interface', loadBalancerIp)
    await stage.fetch('external', `http://${await stage.ip('yelb-ui')}/api/pageviews`, '--interface', loadBalancerIp)
    return learned(await stage.policy.rules(), from, to, application)
  })
  return `learned again: ${back.rule.id} ${from} → ${to} ${application}/${back.rule.ports}`
}

/** Hand-made rules at top and below; learned ones deleted come back by traffic; the load balancer gets a name. */
export const edit: Step = {
  title: 'Edit: rules by hand at top and below, deleted ones come back by traffic, a group for the load balancer',
  async run(stage) {
    const { policy } = stage
    await policy.addressGroup(group.loadBalancer, ['192.168.120.100-192.168.120.101'])
    await policy.insert(
      { id: 'lb-ui', from: group.loadBalancer, to: group.ui, applications: ['http'], ports: '80', action: 'allow' },
      'top',
    )
    await policy.insert(
      {
        id: 'ui-appserver',
        from: group.ui,
        to: group.appserver,
        applications: ['http'],
        ports: '4567',
        action: 'allow',
      },
      { below: 'lb-ui' },
    )
    const before = (await policy.rules()).filter(isLearned)
    for (const { rule } of before) await policy.remove(rule.id)
    const seen = [
      await comeBack(stage, group.appserver, group.db, 'postgresql'),
      await comeBack(stage, group.appserver, group.redis, 'redis'),
    ]
    const after = await policy.rules()
    const ids = after.map(({ rule }) => rule.id)
    if (ids[0] !== 'lb-ui' || ids[1] !== 'ui-appserver') throw new Error(`order is ${ids.join(', ')}`)
    if (learned(after, 'external', group.ui, 'http'))
      throw new Error('external → ui was learned although lb-ui allows it')
    return [`${before.length} learned rules deleted`, ...seen, `order: ${ids.join(', ')}`]
  },
}
