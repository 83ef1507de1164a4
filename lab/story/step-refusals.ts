import { ApiProblem } from '../../cli/client.ts'
import { group, type Stage } from './stage.ts'
import type { Step } from './story.ts'

/** A header value that no UTF-8 can say: JSON has it, our parser takes it, Envoy's protobuf does not. */
const unsayable = '\ud800'

async function broken(stage: Stage): Promise<string> {
  const rule = {
    id: 'broken',
    from: 'nv.nobody.nowhere!',
    to: group.ui,
    ports: '80-70',
    applications: ['gopher'],
    action: 'allow',
  } as const
  const problem = await stage.policy.insert(rule, 'top').then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(problem instanceof ApiProblem)) throw new Error(`the broken rule was not refused: ${String(problem)}`)
  const { status, problems } = problem.document
  if (status !== 422 || problems.length < 2) throw new Error(`answer ${status}: ${JSON.stringify(problems)}`)
  return `refused: ${problems.map((p) => `${p.path}: ${p.message}`).join('; ')}`
}

/** What Envoy refuses shows on its rule, and traffic keeps the last good policy. */
async function rejected(stage: Stage): Promise<readonly string[]> {
  const since = Date.now()
  await stage.policy.clusterMode('protect')
  await stage.applied()
  await stage.policy.insert(
    {
      id: 'unsayable',
      from: group.ui,
      to: group.appserver,
      http: [{ headers: [{ name: 'x', exact: unsayable }] }],
      action: 'deny',
    },
    'top',
  )
  const status = await stage.until('Envoy to refuse it', async () => {
    const found = (await stage.policy.rules()).find(({ rule }) => rule.id === 'unsayable')
    return found?.status.find(({ kind }) => kind === 'rejected')
  })
  const event = await stage.event('the NACK', since, (e) => e.kind === 'enforcement' && e.message.includes('unsayable'))
  const works = await stage.yelbWorks()
  const refused = await stage.refused('yelb-appserver', `http://${await stage.ip('yelb-db')}:4567/`, 'reset')
  await stage.policy.remove('unsayable')
  await stage.applied()
  await stage.policy.clusterMode(null)
  return [`status of unsayable: ${status.message}`, `event ${event.id}: ${event.message}`, works, refused]
}

/** A broken rule, and one that Envoy does not take. */
export const refusals: Step = {
  title: 'A broken rule is refused with its problems; what Envoy rejects shows on its rule, the last good policy stays',
  async run(stage) {
    return [await broken(stage), ...(await rejected(stage))]
  },
}
