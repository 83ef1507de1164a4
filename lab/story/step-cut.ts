import { group, loadBalancerIp, type Stage } from './stage.ts'
import type { Step } from './story.ts'
import type { Talker } from './talker.ts'

const cutWithinMs = 5_000
const answerWithinMs = 5_000
const ping = '*1\r\n$4\r\nPING\r\n'
const get = (host: string) => `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`

/** One request of an allowed peer is refused by its method. */
async function oneMethod(stage: Stage): Promise<readonly string[]> {
  const url = `http://${await stage.ip('yelb-ui')}/api/ihop`
  const from = ['--interface', loadBalancerIp]
  const since = Date.now()
  await stage.policy.insert(
    { id: 'no-votes', from: group.loadBalancer, to: group.ui, http: [{ methods: ['POST'] }], action: 'deny' },
    'top',
  )
  const refused = await stage.answered('external', url, 403, '--request', 'POST', ...from)
  await stage.answered('external', url, 200, ...from)
  const incident = /[0-9a-f-]{36}/.exec(refused.body)?.[0]
  if (incident === undefined) throw new Error(`no incident id in the answer: ${refused.body}`)
  const event = await stage.event('the refused vote', since, (e) => e.incident === incident)
  await stage.policy.remove('no-votes')
  await stage.applied()
  return [`POST /api/ihop: 403, GET: 200`, `incident ${incident} is event ${event.id}: rule ${event.rule}`]
}

/** The only rule that allows the source becomes a deny: reset; an open keep-alive connection is refused too. */
async function noMoreLoadBalancer(stage: Stage): Promise<readonly string[]> {
  const ui = await stage.ip('yelb-ui')
  const talker = stage.talker('external')
  talker.open('page', { host: ui, port: 80, from: loadBalancerIp })
  await talker.next('page', answerWithinMs)
  talker.send('page', get(ui))
  const first = await talker.next('page', answerWithinMs)
  if (!first.text?.startsWith('HTTP/1.1 200')) throw new Error(`before the edit: ${JSON.stringify(first)}`)
  await stage.policy.edit('lb-ui', { action: 'deny' })
  const reset = await stage.refused('external', `http://${ui}/`, 'reset', '--interface', loadBalancerIp)
  talker.send('page', get(ui))
  const second = await answerAfter(talker, answerWithinMs)
  if (second.text?.startsWith('HTTP/1.1 200')) throw new Error('the open connection was still served')
  await stage.policy.edit('lb-ui', { action: 'allow' })
  await stage.answered('external', `http://${ui}/`, 200, '--interface', loadBalancerIp)
  return [reset, `the open keep-alive connection: ${second.text?.split('\r\n')[0] ?? second.event}`]
}

/** What came of the last request: the rest of the first answer is not it. */
async function answerAfter(talker: Talker, timeoutMs: number) {
  for (;;) {
    const said = await talker.next('page', timeoutMs)
    if (said.event !== 'data' || said.text?.startsWith('HTTP/1.1')) return said
  }
}

/** A live connection that a new deny covers is cut; its neighbour on the same listener lives on. */
async function liveConnection(stage: Stage): Promise<readonly string[]> {
  const host = await stage.ip('redis-server')
  await stage.policy.insert(
    {
      id: 'ubuntu-redis',
      from: group.ubuntu,
      to: group.redis,
      applications: ['redis'],
      ports: '6379',
      action: 'allow',
    },
    'end',
  )
  await stage.applied()
  const [cutOne, kept] = [stage.talker('ubuntu'), stage.talker('yelb-appserver')]
  for (const one of [cutOne, kept]) {
    one.open('redis', { host, port: 6379 })
    await one.next('redis', answerWithinMs)
    one.send('redis', ping)
    const answer = await one.next('redis', answerWithinMs)
    if (!/PONG|NOAUTH/.test(answer.text ?? '')) throw new Error(`redis said ${JSON.stringify(answer)}`)
  }
  const began = performance.now()
  await stage.policy.insert({ id: 'no-ubuntu-redis', from: group.ubuntu, to: group.redis, action: 'deny' }, 'top')
  const end = await cutOne.next('redis', cutWithinMs)
  const ms = Math.round(performance.now() - began)
  kept.send('redis', ping)
  const alive = await kept.next('redis', answerWithinMs)
  if (alive.event !== 'data') throw new Error(`the other connection got ${JSON.stringify(alive)}`)
  await stage.policy.remove('no-ubuntu-redis')
  await stage.policy.remove('ubuntu-redis')
  return [
    `ubuntu's live connection to redis ended (${end.text ?? end.event}) ${ms} ms after the rule, appserver's lives`,
  ]
}

/** Edits bite at once, on new connections, on requests and on live connections. */
export const cut: Step = {
  title: 'Edits bite: one method refused, a source reset, a live connection cut',
  async run(stage) {
    return [
      ...(await oneMethod(stage)),
      ...(await noMoreLoadBalancer(stage)),
      ...(await liveConnection(stage)),
      await stage.yelbWorks(),
    ]
  },
}
