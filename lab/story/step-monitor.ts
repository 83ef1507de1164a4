import { group } from './stage.ts'
import type { Step } from './story.ts'

/** Monitor: what no rule allows passes, and is a violation. */
export const monitor: Step = {
  title: 'Monitor: a forbidden connection passes and is a violation event',
  async run(stage) {
    await stage.policy.clusterMode('monitor')
    await stage.applied()
    const since = Date.now()
    const url = `http://${await stage.ip('yelb-ui')}/`
    await stage.answered('yelb-appserver', url, 200)
    const event = await stage.event(
      'appserver → ui passed',
      since,
      (e) =>
        e.kind === 'violation' &&
        e.action === 'allowed' &&
        e.source?.group === group.appserver &&
        e.destination?.group === group.ui &&
        e.port === 80,
    )
    return [`yelb-appserver → ${url} got its page`, `event ${event.id}: ${event.message}`]
  },
}
