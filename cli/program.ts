/**
 * `postern`: the commands in the order help lists them, and one way for everything that goes wrong: a line for each
 * problem on standard error, exit code 1; 2 where the command was typed wrongly.
 * Never judges what a rule, a group or a flow means: the API does, by the policy's own parsers.
 */
import { userInfo } from 'node:os'
import { Command, CommanderError } from 'commander'
import { type Client, createClient } from './client.ts'
import { addClassify } from './commands/classify.ts'
import { addDiff } from './commands/diff.ts'
import { addDlp } from './commands/dlp.ts'
import { addEvents } from './commands/events.ts'
import { addFlows } from './commands/flows.ts'
import { addGroups } from './commands/groups.ts'
import { addHistory } from './commands/history.ts'
import { addMode } from './commands/mode.ts'
import { addCheck, addMetrics, addProxies } from './commands/proxies.ts'
import { addRules } from './commands/rules.ts'
import { addSensors } from './commands/sensors.ts'
import { addSettings } from './commands/settings.ts'
import { addTransfer } from './commands/transfer.ts'
import { addWaf } from './commands/waf.ts'
import { addWhy } from './commands/why.ts'
import { explain } from './errors.ts'
import type { Context, Io } from './io.ts'
import { defaultSocket } from './socket.ts'

/** From what happens to what people decide, then the installation. */
const commands: readonly ((parent: Command, context: Context) => void)[] = [
  addFlows,
  addEvents,
  addWhy,
  addRules,
  addGroups,
  addMode,
  addSensors,
  addSettings,
  addDiff,
  addHistory,
  addTransfer,
  addProxies,
  addCheck,
  addMetrics,
  addClassify,
  addDlp,
  addWaf,
]

export type Program = {
  /** Add more commands here before `run`. */
  readonly command: Command
  /** For the commands added from elsewhere. */
  readonly context: Context
  /** `argv` without node and script; answers the exit code. Never throws, never ends the process. */
  readonly run: (argv: readonly string[]) => Promise<number>
}

export function createProgram(io: Io): Program {
  let code = 0
  const command = new Command('postern')
    .description('A zero-trust enforcer at the application layer: see who speaks with whom, and decide who may.')
    .option(
      '--socket <path>',
      'socket of the control plane (default: $POSTERN_SOCKET, the lab’s in $POSTERN_LAB_DIR, /run/postern/api.sock)',
    )
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .showHelpAfterError('(postern help <command> shows more)')
  const client = once(() => createClient(command.opts().socket ?? defaultSocket(io.env), userOf(io)))
  const exitWith = (wanted: number) => {
    code = wanted
  }
  const context: Context = { io, client, exitWith }
  for (const add of commands) add(command, context)
  const run = async (argv: readonly string[]): Promise<number> => {
    try {
      await command.parseAsync(argv, { from: 'user' })
      return code
    } catch (error) {
      if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
      io.err(explain(io, error))
      return 1
    }
  }
  return { command, context, run }
}

function once(make: () => Client): () => Client {
  let made: Client | undefined
  return () => (made ??= make())
}

/** A name for the history, not a proof of anything. Under sudo the one who typed. */
function userOf(io: Io): string {
  return io.env.SUDO_USER || userInfo().username
}
