/** Connections of peers, one order at a time (the lab's `talk.ts`), so that one can be used after an edit. */
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { eventually } from './eventually.ts'
import type { Network } from './network.ts'
import { podAddress } from './network.ts'

const talk = fileURLToPath(new URL('../../../lab/apps/talk.ts', import.meta.url))

type Said = {
  readonly connection: string
  readonly event: 'open' | 'data' | 'end' | 'error'
  readonly text?: string
}

type Connection = {
  send(text: string): void
  /** The next thing that happens to it, `open` aside. */
  next(): Promise<Said>
  /** Everything that happened and was not taken by `next`. */
  readonly said: readonly Said[]
  close(): void
}

export type Client = { connect(from: string, port: number, to?: string): Promise<Connection> }

export function startClient(network: Network): Client {
  const child = network.start('peers', [process.execPath, talk])
  const byConnection = new Map<string, Said[]>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as Said
    byConnection.get(said.connection)!.push(said)
  })
  const order = (what: object) => child.stdin.write(`${JSON.stringify(what)}\n`)
  let count = 0
  return {
    async connect(from, port, to = podAddress) {
      const name = `c${count++}`
      const said: Said[] = []
      byConnection.set(name, said)
      order({ open: name, host: to, port, from })
      const connection: Connection = {
        said,
        send: (text) => order({ send: name, text }),
        next: () => eventually(`something on ${from}→${port}`, () => said.shift()),
        close: () => order({ close: name }),
      }
      const first = await connection.next()
      if (first.event !== 'open') said.unshift(first)
      return connection
    },
  }
}
