import { learned } from './policy.ts'
import { group, type Stage } from './stage.ts'
import type { Step } from './story.ts'

/** What Yelb and two people do all day, as (source, destination, application, port). */
export const expected = [
  ['external', group.ui, 'http', '80'],
  [group.ui, group.appserver, 'http', '4567'],
  [group.appserver, group.db, 'postgresql', '5432'],
  [group.appserver, group.redis, 'redis', '6379'],
  [group.ubuntu, group.ubuntu, 'ssh', '22'],
] as const

async function traffic(stage: Stage): Promise<void> {
  const ui = await stage.ip('yelb-ui')
  const [, second] = await stage.ips('ubuntu')
  await stage.fetch('external', `http://${ui}/api/getvotes`)
  await stage.fetch('external', `http://${ui}/api/pageviews`)
  await stage.exec('ubuntu', ['ssh', second!, 'true'])
}

/** Traffic runs, and rules appear: each with application and port. */
export const discover: Step = {
  title: 'Discover: traffic runs, rules with application and port appear',
  async run(stage) {
    const seen: string[] = []
    for (const [from, to, application, port] of expected) {
      const found = await stage.until(`a learned rule ${from} → ${to} ${application}/${port}`, async () => {
        await traffic(stage)
        const rule = learned(await stage.policy.rules(), from, to, application)
        return rule?.rule.ports === port ? rule : undefined
      })
      seen.push(`learned ${found.rule.id}: ${from} → ${to} ${application}/${port}`)
    }
    const dns = await stage.until('a hit of the DNS rule', async () => {
      await stage.exec('ubuntu', ['dig', '+tcp', '+short', 'yelb-ui.yelb.svc.cluster.local'])
      return (await stage.policy.rules()).find(({ rule, hits }) => rule.id === 'dns' && hits > 0)
    })
    return [...seen, `rule dns (containers → dns, 53): ${dns.hits} hits`]
  },
}
