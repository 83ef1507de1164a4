/** Connections held open by a client elsewhere (lab/apps/talk.ts), so that a step can use one after an edit. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Lab } from '../lab.ts'
import { inside } from '../layout.ts'

export type Said = {
  readonly connection: string
  readonly event: 'open' | 'data' | 'end' | 'error'
  readonly text?: string
}

export type Talker = {
  open(name: string, to: { readonly host: string; readonly port: number; readonly from?: string }): void
  send(name: string, text: string): void
  /** The next thing said about a connection. Rejects after `timeoutMs`. */
  next(name: string, timeoutMs: number): Promise<Said>
  close(name: string): void
  end(): void
}

type Waiting = { readonly name: string; readonly resolve: (said: Said) => void }

/** In a pod of the lab. */
export function startTalker(lab: Lab, pod: string): Talker {
  return talkerOf(lab.spawn(pod, ['node', `${inside.apps}/talk.ts`]), pod)
}

/** @param where it talks, for what goes wrong */
export function talkerOf(child: ChildProcessWithoutNullStreams, where: string): Talker {
  const said: Said[] = []
  const waiting: Waiting[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    const one = JSON.parse(line) as Said
    const at = waiting.findIndex(({ name }) => name === one.connection)
    if (at < 0) said.push(one)
    else waiting.splice(at, 1)[0]!.resolve(one)
  })
  const order = (what: object) => child.stdin.write(`${JSON.stringify(what)}\n`)
  return {
    open: (name, to) => order({ open: name, ...to }),
    send: (name, text) => order({ send: name, text }),
    next(name, timeoutMs) {
      const at = said.findIndex(({ connection }) => connection === name)
      if (at >= 0) return Promise.resolve(said.splice(at, 1)[0]!)
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`nothing of ${where}'s connection ${name} for ${timeoutMs} ms`)),
          timeoutMs,
        )
        waiting.push({
          name,
          resolve: (one) => {
            clearTimeout(timer)
            resolve(one)
          },
        })
      })
    },
    close: (name) => order({ close: name }),
    end: () => child.stdin.end(),
  }
}
