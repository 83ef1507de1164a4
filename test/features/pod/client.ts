/** Connections of peers, so that one can be used after an edit. */
import { fileURLToPath } from 'node:url'
import { type Said, talkerOf } from '../../../lab/story/talker.ts'
import type { Network } from './network.ts'
import { podAddress } from './network.ts'

const talk = fileURLToPath(new URL('../../../lab/apps/talk.ts', import.meta.url))
const patienceMs = 10_000

type Connection = {
  send(text: string): void
  /** The next thing that happens to it, `open` aside. */
  next(): Promise<Said>
  close(): void
}

export type Client = { connect(from: string, port: number, to?: string): Promise<Connection> }

export function startClient(network: Network): Client {
  const talker = talkerOf(network.start('peers', [process.execPath, talk]), 'peers')
  let count = 0
  return {
    async connect(from, port, to = podAddress) {
      const name = `${count++} ${from}→${port}`
      talker.open(name, { host: to, port, from })
      const first = await talker.next(name, patienceMs)
      const early = first.event === 'open' ? [] : [first]
      return {
        send: (text) => talker.send(name, text),
        next: async () => early.shift() ?? talker.next(name, patienceMs),
        close: () => talker.close(name),
      }
    },
  }
}
