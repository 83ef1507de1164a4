/** `postern lab story`: the twelve steps against the lab that is up, or one made for it and taken away afterwards. */
import type { Command } from 'commander'
import { createClient } from '../cli/client.ts'
import type { Context, Io } from '../cli/io.ts'
import { reporting, untilInterrupted } from './command.ts'
import { type Lab, openLab, up } from './lab.ts'
import { type Told, tellStory } from './story/story.ts'

type Output = { readonly json?: boolean }

export function addStory(lab: Command, context: Pick<Context, 'io' | 'exitWith'>): void {
  lab
    .command('story')
    .description(
      'twelve steps from Discover to Protect, each seen through real clients; resets the policy of the lab that is up',
    )
    .option('--json', 'a line of JSON a step')
    .action(
      reporting(context, async ({ json = false }: Output) => {
        const tell = (signal: AbortSignal) => inLab(signal, (it) => told(it, context.io, json))
        if (!(await untilInterrupted(tell))) context.exitWith(1)
      }),
    )
}

/** In the lab that is up; else in one of its own. */
async function inLab<T>(signal: AbortSignal, work: (lab: Lab) => Promise<T>): Promise<T> {
  const there = openLab()
  if ((await there.status()).state === 'up') return work(there)
  const made = await up({ signal })
  try {
    return await work(made)
  } finally {
    await made.down()
  }
}

/** True when every step came true. */
async function told(lab: Lab, io: Io, json: boolean): Promise<boolean> {
  const print = json ? (one: Told) => `${JSON.stringify(one)}\n` : text
  const all = await tellStory(lab, createClient(lab.paths.socket, 'story'), (one) => io.out(print(one)))
  return all.every(({ ok }) => ok)
}

function text(one: Told): string {
  const head = `${String(one.step).padStart(2)}  ${one.ok ? 'ok    ' : 'FAILED'}  ${one.title}  (${one.ms} ms)\n`
  const lines = one.ok ? one.seen : [one.problem]
  return head + lines.map((line) => `            ${line}\n`).join('')
}
