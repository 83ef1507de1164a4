import { group, type Stage } from './stage.ts'
import type { Step } from './story.ts'

/** The event that a refused attempt must leave: rule and trace. */
async function denied(stage: Stage, since: number, from: string, to: string, port: number): Promise<string> {
  const event = await stage.event(
    `${from} → ${to}:${port} denied`,
    since,
    (e) =>
      e.action === 'denied' && e.source?.group === from && e.destination?.group === to && e.port === port && !!e.trace,
  )
  return `event ${event.id}: rule ${event.rule}, ${event.message}`
}

async function wrongPorts(stage: Stage, since: number): Promise<readonly string[]> {
  const seen: string[] = []
  const ui = await stage.ip('yelb-ui')
  const db = await stage.ip('yelb-db')
  const attempts = [
    [ui, 80, group.ui],
    [ui, 4567, group.ui],
    [ui, 5432, group.ui],
    [db, 4567, group.db],
  ] as const
  for (const [ip, port, to] of attempts) {
    seen.push(await stage.refused('yelb-appserver', `http://${ip}:${port}/`, 'reset'))
    seen.push(await denied(stage, since, group.appserver, to, port))
  }
  return seen
}

async function uninvited(stage: Stage, since: number): Promise<readonly string[]> {
  const db = await stage.ip('yelb-db')
  const psql = await stage.exec('legacy', ['psql', '-h', db, '-U', 'yelb', '-d', 'yelbdatabase', '-c', 'select 1'])
  if (psql.code === 0) throw new Error('legacy → yelb-db was let in')
  return [`legacy: ${psql.stderr.trim().split('\n')[0]}`, await denied(stage, since, group.legacy, group.db, 5432)]
}

/** An allowed peer that speaks something else on the allowed port. */
async function wrongLanguage(stage: Stage, since: number): Promise<readonly string[]> {
  const http = await stage.refused('yelb-appserver', `http://${await stage.ip('yelb-db')}:5432/`, 'refused')
  const redis = await stage.ip('redis-server')
  const options = ['-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null']
  const ssh = await stage.exec('yelb-appserver', ['ssh', ...options, '-p', '6379', `x@${redis}`, 'true'])
  if (ssh.code === 0) throw new Error('SSH on 6379 was let in')
  return [
    http,
    await denied(stage, since, group.appserver, group.db, 5432),
    `ssh on 6379: ${ssh.stderr.trim().split('\n').at(-1)}`,
    await denied(stage, since, group.appserver, group.redis, 6379),
  ]
}

/** Protect: Yelb works, everything else is refused before the app sees a byte. */
export const protect: Step = {
  title: 'Protect: Yelb works, everything else is refused',
  async run(stage) {
    await stage.policy.clusterMode('protect')
    await stage.applied()
    const since = Date.now()
    return [
      await stage.yelbWorks(),
      ...(await wrongPorts(stage, since)),
      ...(await uninvited(stage, since)),
      ...(await wrongLanguage(stage, since)),
      await stage.yelbWorks(),
    ]
  },
}
