/**
 * `npm run demo`: the lab with background traffic, until Ctrl-C; what was learned, and what to try next. Takes away all
 * it made, also when it is stopped on the way up.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import { type Client, createClient } from '../cli/client.ts'
import type { Context, Io } from '../cli/io.ts'
import { ruleList } from '../cli/rule-table.ts'
import { duration } from '../cli/time.ts'
import { printStatus, reporting, untilInterrupted } from './command.ts'
import { LabError } from './error.ts'
import { type Lab, up } from './lab.ts'
import { learned } from './story/policy.ts'
import { expected } from './story/step-discover.ts'

const learnedWithinMs = 60_000
const lookEveryMs = 250
/** Traffic is bounded, so a demo is. */
const defaultMs = 60 * 60_000

export function addDemo(parent: Command, context: Pick<Context, 'io' | 'exitWith'>): void {
  parent
    .command('demo')
    .description(
      'the lab with traffic: watch rules being learned, then try what you like; Ctrl-C takes it away (root only)',
    )
    .option('--for <duration>', 'end after this long, such as 10m', duration, defaultMs)
    .action(
      reporting(context, ({ for: ms }: { readonly for: number }) =>
        untilInterrupted((signal) => demo(context.io, ms, signal)),
      ),
    )
}

async function demo(io: Io, ms: number, signal: AbortSignal): Promise<void> {
  io.out('Postern demo: starting Yelb and seven more pods as network namespaces, an Envoy in front of each…\n')
  const lab = await up({ signal })
  try {
    printStatus(io, await lab.status(), false)
    await lab.startTraffic({ durationMs: ms })
    const api = createClient(lab.paths.socket, 'demo')
    io.out('\nTraffic is running in Discover: each conversation becomes a rule with its application and port…\n\n')
    await untilLearned(api, signal)
    io.out(ruleList(io, (await api.call('listRules', {})).value))
    io.out(await whatNext(lab))
    await delay(ms, undefined, { signal }).catch(() => {})
  } finally {
    io.out('\nTaking the lab away…\n')
    await lab.down()
  }
}

async function untilLearned(api: Client, signal: AbortSignal): Promise<void> {
  const end = performance.now() + learnedWithinMs
  for (;;) {
    const { rules } = (await api.call('listRules', {})).value
    const missing = expected.filter(([from, to, application]) => !learned(rules, from, to, application))
    if (missing.length === 0) return
    if (performance.now() > end)
      throw new LabError('failed', `not learned: ${missing.map((m) => m.join(' ')).join(', ')}`)
    await delay(lookEveryMs, undefined, { signal })
  }
}

async function whatNext(lab: Lab): Promise<string> {
  const status = await lab.status()
  const ui = status.state === 'down' ? '' : status.pods.find(({ owner }) => owner === 'yelb-ui')?.ips[0]
  return `
Try, in another terminal (as root, in this folder):
  npx postern flows                                             who speaks with whom, in which application
  npx postern lab exec yelb-appserver -- curl -sS http://${ui}/    nobody learned this yet: it is learned now
  npx postern mode set all protect                              from now on only what a rule allows
  npx postern lab exec legacy -- curl -sS http://${ui}/            curl: (56) Recv failure: Connection reset by peer
  npx postern events                                            … and why: npx postern why legacy-1 yelb-ui-1 80
  npx postern lab scale yelb-ui 4                               works, no rule changes
  npx postern rules insert --top --from nv.ubuntu.default --to nv.ubuntu.default --app ssh --port 22 --deny
  npx postern sensors bind nv.yelb-ui.yelb base --waf --action deny      attacks on the page: an alert, in Protect a 403
  npx postern sensors bind nv.yelb-ui.yelb creditcard --dlp --action deny
  npx postern lab exec external -- curl -sS http://${ui}/export/customers.csv
  npx postern lab story                                         all of it, told in twelve steps
Ctrl-C ends the demo and takes everything away.
`
}
