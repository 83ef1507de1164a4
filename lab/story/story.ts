/**
 * The story Postern must tell, on real software: twelve steps, each seen through real clients in the lab.
 *
 * Promises: starts from a policy without user rules whatever was there before, so it can be told again; a step that
 * does not come true stops the story with what was seen instead. Never waits a fixed time: it looks until a deadline.
 */
import type { Client } from '../../cli/client.ts'
import type { Lab } from '../lab.ts'
import { type Stage, stageOf } from './stage.ts'
import { control } from './step-control.ts'
import { cut } from './step-cut.ts'
import { discover } from './step-discover.ts'
import { edit } from './step-edit.ts'
import { leaks } from './step-leaks.ts'
import { monitor } from './step-monitor.ts'
import { paths } from './step-paths.ts'
import { protect } from './step-protect.ts'
import { refusals } from './step-refusals.ts'
import { scale } from './step-scale.ts'
import { ssh } from './step-ssh.ts'
import { threats } from './step-threats.ts'

export type Step = {
  readonly title: string
  /** What was seen, a line each. Rejects with what was seen instead. */
  readonly run: (stage: Stage) => Promise<readonly string[]>
}

/** In the order they are told: each goes on from where the one before left the cluster. */
export const steps: readonly Step[] = [
  discover,
  edit,
  monitor,
  protect,
  cut,
  scale,
  ssh,
  paths,
  control,
  refusals,
  threats,
  leaks,
]

export type Told =
  | {
      readonly step: number
      readonly title: string
      readonly ok: true
      readonly seen: readonly string[]
      readonly ms: number
    }
  | { readonly step: number; readonly title: string; readonly ok: false; readonly problem: string; readonly ms: number }

/** Tells the story; `onTold` hears of each step as it ends. Resolves with all that were told: it ends at the first that fails. */
export async function tellStory(
  lab: Lab,
  api: Client,
  onTold: (told: Told) => void = () => {},
): Promise<readonly Told[]> {
  await using stage = await stageOf(lab, api)
  const all: Told[] = []
  for (const [index, step] of steps.entries()) {
    const told = await tell(index + 1, step, stage)
    all.push(told)
    onTold(told)
    if (!told.ok) break
  }
  return all
}

async function tell(step: number, { title, run }: Step, stage: Stage): Promise<Told> {
  const began = performance.now()
  const ms = () => Math.round(performance.now() - began)
  try {
    const seen = await run(stage)
    return { step, title, ok: true, seen, ms: ms() }
  } catch (error) {
    return { step, title, ok: false, problem: (error as Error).message, ms: ms() }
  }
}
