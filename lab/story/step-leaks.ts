import { group, loadBalancerIp, type Stage } from './stage.ts'
import type { Step } from './story.ts'

const from = ['--interface', loadBalancerIp] as const
/** Two exports that somebody forgot on the web server: one with card numbers, one with ids that only look like them. */
const customers = '/export/customers.csv'
const orders = '/export/orders.csv'
const cards = ['4539 5787 6362 1486', '5425233430109903'] as const

async function leak(stage: Stage, since: number, action: 'denied' | 'masked'): Promise<string> {
  const event = await stage.event(
    `a leak, ${action}`,
    since,
    (e) => e.kind === 'leak' && e.action === action && e.destination?.group === group.ui,
  )
  const told = JSON.stringify(event)
  if (cards.some((card) => told.includes(card))) throw new Error('an event holds a card number')
  const samples = event.inspection?.findings.map(({ sample }) => sample).join(', ')
  return `event ${event.id}: ${event.message} (${samples})`
}

async function refused(stage: Stage, url: string): Promise<readonly string[]> {
  const since = Date.now()
  const { body } = await stage.answered('external', url + customers, 403, ...from)
  return [`customers: 403, ${body.trim()}`, await leak(stage, since, 'denied')]
}

/** Same length, same lines: only the numbers are gone. */
async function masked(stage: Stage, url: string): Promise<readonly string[]> {
  const since = Date.now()
  const { body } = await stage.answered('external', url + customers, 200, ...from)
  if (cards.some((card) => body.includes(card)) || !body.includes('Ada Example')) throw new Error(`got ${body}`)
  return [`customers, masked: ${body.split('\n')[1]}`, await leak(stage, since, 'masked')]
}

/** Sixteen digits are not yet a card. */
async function untouched(stage: Stage, url: string): Promise<string> {
  const { body } = await stage.answered('external', url + orders, 200, ...from)
  const raised = (await stage.alerts()).filter(({ http }) => http?.path === orders)
  if (!body.includes('8417290364518237') || raised.length > 0) throw new Error('order ids were taken for cards')
  return `orders: 200, ${body.split('\n')[1]}, no event`
}

/** DLP on what leaves a group: refused, then masked by another sensor; ids that only look like cards pass. */
export const leaks: Step = {
  title: 'DLP: a reply with card numbers is refused, then masked by a changed sensor; 16-digit order ids pass',
  async run(stage) {
    const { policy } = stage
    const url = `http://${await stage.ip('yelb-ui')}`
    await policy.inspect({ group: group.ui, dlp: [{ sensor: 'creditcard', action: 'deny' }] })
    await stage.applied()
    const seen = [...(await refused(stage, url)), await untouched(stage, url)]
    await policy.dlpSensor({
      name: 'cards-masked',
      mask: true,
      rules: [{ name: 'card', patterns: [{ detector: 'card' }] }],
    })
    await policy.inspect({ group: group.ui, dlp: [{ sensor: 'cards-masked', action: 'deny' }] })
    await stage.applied()
    seen.push(...(await masked(stage, url)), await untouched(stage, url), await stage.yelbWorks())
    await policy.clusterMode(null)
    return seen
  },
}
