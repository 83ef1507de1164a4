/** How much of the machine was taken by what is not ours: rounds that were disturbed are left out, whatever they say. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** USER_HZ: the unit of /proc. */
const ticksPerSecond = 100

/** Fields of /proc/<pid>/stat after the command's name, which may have blanks in it. */
function statOf(pid: number | 'self'): readonly number[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)

/** Of ourselves, our children that have ended, and those that run. */
function oursInTicks(running: readonly number[]): number {
  const [user, system] = [11, 12]
  const [endedUser, endedSystem] = [13, 14]
  const self = statOf('self')
  const own = [user, system, endedUser, endedSystem].map((field) => self[field]!)
  return sum([...own, ...running.map((pid) => statOf(pid)[user]! + statOf(pid)[system]!)])
}

/** Interrupts are in it because processes are charged for those that hit them, and what other machines stole of ours. */
function allInTicks(): number {
  const line = readFileSync('/proc/stat', 'utf8').split('\n')[0]!
  const [, user, nice, system, , , irq, softirq, stolen] = line.split(/\s+/).map(Number)
  return sum([user!, nice!, system!, irq!, softirq!, stolen!])
}

/** Starts measuring; the answer is the share of all cores (0 to 1) that others have had since. */
export function watchOthers(running: readonly number[]): () => number {
  const [ours, all, start] = [oursInTicks(running), allInTicks(), performance.now()]
  return () => {
    const others = allInTicks() - all - (oursInTicks(running) - ours)
    const seconds = (performance.now() - start) / 1000
    return Math.max(0, others) / (seconds * ticksPerSecond * availableParallelism())
  }
}
