import { group, type Stage } from './stage.ts'
import type { Step } from './story.ts'

const path = '/api/ihop'

/** Ways to say POST /api/ihop that must not get past a rule about POST /api/*. */
const disguises: readonly (readonly [name: string, target: string, ...more: readonly string[]])[] = [
  ['plain', path],
  ['dot segments and double slash', `//api/..${path}`],
  ['encoded dots', `/api/%2e%2e${path}`],
  ['path parameter', '/api;a=b/ihop'],
  ['host in capitals', path, '--header', 'Host: YELB-APPSERVER:4567'],
  ['absolute form', path, '--request-target', `http://yelb-appserver:4567${path}`],
]

async function refuseAll(stage: Stage, base: string): Promise<readonly string[]> {
  const seen: string[] = []
  for (const [name, target, ...more] of disguises) {
    const { status } = await stage.answered('yelb-ui', base + target, 403, '--request', 'POST', ...more)
    seen.push(`POST ${name} (${target}): ${status}`)
  }
  return seen
}

/** Method and path, and no way around them. */
export const paths: Step = {
  title: 'Method and path: POST /api/* denied, GET allowed, no disguise helps',
  async run(stage) {
    const base = `http://${await stage.ip('yelb-appserver')}:4567`
    await stage.policy.groupMode(group.appserver, 'protect')
    await stage.policy.insert(
      {
        id: 'no-post',
        from: group.ui,
        to: group.appserver,
        http: [{ methods: ['POST'], paths: ['/api/*'] }],
        action: 'deny',
      },
      'top',
    )
    await stage.applied()
    const seen = await refuseAll(stage, base)
    const votes = await stage.answered('yelb-ui', base + path, 200)
    await stage.policy.remove('no-post')
    return [...seen, `GET ${path}: 200, ${votes.body} votes`]
  },
}
