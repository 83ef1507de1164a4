/**
 * The classifier in one process: profiles from the control plane, workers that judge, the front that Envoys ask.
 * Promises: it takes its name only once it can judge, so a successor loses no request; asked to stop, it finishes what is
 * under way. Everything it says of itself is in the log and in `/metrics`.
 */
import pino, { type Logger } from 'pino'
import { keyIn } from './http/authenticate.ts'
import { type Address, startService } from './http/service.ts'
import { inspector } from './inspection/inspector.ts'
import { profileSource } from './inspection/profile-source.ts'

export type ClassifierOptions = {
  readonly listen: Address
  /** The API's unix socket. */
  readonly controlPlane: string
  /** The file the control plane keeps the tokens' key in: 64 hex digits. */
  readonly key: string
  /** Where the Core Rule Set is; without it the embedded rules stand in for it. */
  readonly crsDirectory?: string
  readonly workers?: number
  /** Default: JSON lines on stdout. */
  readonly log?: Logger
}

export type RunningClassifier = { close(): Promise<void> }

/** What is under way when it is told to stop may take this long. */
const closeGraceMs = 10_000

/** Resolves when Envoys are served: with the first set of profiles in force. Rejects where the key or the address can not be had. */
export async function startClassifier(options: ClassifierOptions): Promise<RunningClassifier> {
  const log = options.log ?? pino({ name: 'postern-classifier', base: null, timestamp: pino.stdTimeFunctions.isoTime })
  const secret = keyIn(options.key)
  await using open = new AsyncDisposableStack()
  const judge = inspector({
    ...(options.crsDirectory !== undefined && { crsDirectory: options.crsDirectory }),
    ...(options.workers !== undefined && { workers: options.workers }),
    onProblem: (problem) => log.error({ problem }, 'inspection'),
  })
  open.defer(() => judge.close())

  const first = Promise.withResolvers<void>()
  const source = profileSource({
    socketPath: options.controlPlane,
    onSet(set) {
      void judge.apply(set).then((problems) => {
        log.info({ profiles: set.profiles.length, problems }, 'profiles in force')
        first.resolve()
      }, first.reject)
    },
    onProblem: (problem) => log.warn({ problem }, 'no new profiles; the last ones stay in force'),
  })
  open.defer(() => source.close())
  await first.promise

  const service = await startService(options.listen, { inspector: judge, secret })
  open.defer(() => service.close(closeGraceMs))
  log.info({ listen: options.listen.kind === 'unix' ? options.listen.path : service.port }, 'serving sidecars')
  const running = open.move()
  return { close: () => running.disposeAsync() }
}
