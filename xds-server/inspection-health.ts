/**
 * Does the classifier answer? Asked every second by a real call, for sidecars have no way to tell us before a request
 * is lost. Promises: where nobody listens that is known at once, a slow moment is not taken for the end, and each change
 * is told once.
 */
import type { Asked } from './envoy/ext-proc-client.ts'
import type { NewEvent } from './observe/events.ts'
import { noTraffic } from './observe/own-events.ts'

export type ClassifierHealth = {
  readonly healthy: boolean
  /** In words. */
  readonly detail: string
}

const everyMs = 1_000
/** Questions after which one that has never answered is news: it may have been started together with us. */
const startPatience = 10
/** Questions in a row without a proper answer, after which it counts as gone. */
const patience = 2

export type HealthWatch = {
  now(): ClassifierHealth
  /** Asks once. Never rejects. */
  ask(): Promise<void>
  /** Asks again and again, starting in a second; failures before it are forgiven where somebody listened. */
  begin(): void
  close(): void
}

export type HealthOptions = {
  readonly ask: () => Promise<Asked>
  /** What to do changes, at once. */
  readonly onChange: (health: ClassifierHealth) => void
  /** People should know. */
  readonly onNews: (health: ClassifierHealth) => void
}

/** Until it is asked it is taken for healthy: a control plane that starts must not turn inspection off. */
export function watchHealth({ ask, onChange, onNews }: HealthOptions): HealthWatch {
  let present: ClassifierHealth = { healthy: true, detail: 'not asked yet' }
  let failures = 0
  let questions = 0
  let answered = false
  let told = true
  let timer: NodeJS.Timeout | undefined
  let closed = false
  const become = (healthy: boolean, detail: string) => {
    const changed = present.healthy !== healthy
    present = { healthy, detail }
    if (changed && !closed) onChange(present)
  }
  const tell = () => {
    if (closed || told === present.healthy || !(answered || questions >= startPatience)) return
    told = present.healthy
    onNews(present)
  }
  const hear = (answer: Asked) => {
    questions += 1
    answered ||= answer.ok
    failures = answer.ok ? 0 : failures + 1
    if (answer.ok) become(true, 'answers')
    else if (answer.absent || failures >= patience) become(false, `does not answer: ${answer.reason}`)
    tell()
  }
  const once = () => ask().then(hear)
  const again = () => {
    if (!closed) timer = setTimeout(() => once().finally(again), everyMs)
  }
  return {
    now: () => present,
    ask: once,
    begin() {
      failures = 0
      again()
    },
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}

export function classifierEvent({ healthy, detail }: ClassifierHealth, now: number): NewEvent {
  const message = healthy
    ? 'The classifier answers again: everything that sensors are bound to is inspected'
    : `The classifier ${detail}. Groups with failOpen go on uninspected, in Protect those with failClosed refuse HTTP requests`
  return { ...noTraffic, kind: 'enforcement', severity: healthy ? 'info' : 'high', time: now, message }
}
