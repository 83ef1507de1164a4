import { expect, test } from 'vitest'
import { classify } from './classify.ts'
import { type Conversation, conversations } from './protocol/testdata/conversations.ts'
import { random } from './sniffer/testdata/fuzz.ts'

/** Conversations of each application. */
const each = 300
/** New ones every run; a failure names the seed. */
const seed = Date.now() >>> 0
const none = new Uint8Array(0)

type Score = { readonly right: number; readonly wrong: number; readonly matrix: string }

/** Right; wrong: another application's name, or a name for what is none. What is left is known as unknown. */
function score(all: readonly Conversation[], seen: (c: Conversation) => string): Score {
  const counts = new Map<string, number>()
  let right = 0
  let wrong = 0
  for (const conversation of all) {
    const answer = seen(conversation)
    if (answer === conversation.application) right++
    else {
      if (answer !== 'unknown') wrong++
      const pair = `${conversation.application} → ${answer}`
      counts.set(pair, (counts.get(pair) ?? 0) + 1)
    }
  }
  const matrix = [...counts].map(([pair, count]) => `  ${pair}: ${count}`).join('\n')
  return { right: (100 * right) / all.length, wrong: (100 * wrong) / all.length, matrix }
}

function report(title: string, { right, wrong, matrix }: Score): void {
  process.stdout.write(`${title}: ${right.toFixed(2)} % right, ${wrong.toFixed(2)} % wrong\n${matrix}${matrix && '\n'}`)
}

/** Their clients say nothing that is theirs alone before the server has spoken. */
const serverTells = new Set(['ftp', 'pop3'])

test(`of conversations never seen (seed ${seed}), at least 98 % are named right and at most 1 % wrong`, () => {
  const all = conversations(each, random(seed))
  const both = score(all, ({ client, server }) => classify(client, server, true).application)
  report('both directions', both)
  const clients = all.filter(({ application }) => !serverTells.has(application))
  const client = score(clients, (c) => classify(c.client, none, true).application)
  report('client alone', client)
  expect(both.right).toBeGreaterThanOrEqual(98)
  expect(client.right).toBeGreaterThanOrEqual(98)
  expect(both.wrong).toBeLessThanOrEqual(1)
  expect(client.wrong).toBeLessThanOrEqual(1)
})

test(`of a server alone (seed ${seed}) nothing is named wrong, and every greeting right`, () => {
  const all = conversations(each, random(seed))
  const server = score(all, (c) => classify(none, c.server, true).application)
  report('server alone', server)
  expect(server.wrong).toBeLessThanOrEqual(1)
  const greeting = ['ssh', 'mysql', 'nats', 'smtp', 'pop3', 'imap', 'vnc', 'rsync']
  const greetings = score(
    all.filter(({ application }) => greeting.includes(application)),
    (c) => classify(none, c.server, true).application,
  )
  expect(greetings.right).toBe(100)
})
