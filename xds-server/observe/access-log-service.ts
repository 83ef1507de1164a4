/**
 * Where sidecars send their access logs. A stream belongs to the workload its token proves; what its messages say about
 * that is checked once and then ignored. Records are handed on as they are read: while they are worked on, nothing
 * more of that stream is read, so HTTP/2's window is the only queue and it is bounded.
 * Never answers, never asks for anything again: Envoy counts a record as flushed when it is sent.
 */
import { type handleClientStreamingCall, type Server, type ServerReadableStream, status } from '@grpc/grpc-js'
import type { Logger } from 'pino'
import { accessLogService } from '../envoy/services.ts'
import { bearerToken, type Verifier } from '../envoy/verifier.ts'
import { createLogReader, identify, type LogReader } from './access-log.ts'
import type { Metrics } from './metrics.ts'
import type { AccessRecord } from './model.ts'

export type AccessLogServiceOptions = {
  readonly verifier: Verifier
  /** Called with each message's records, in the order of their stream. */
  readonly onRecords: (records: readonly AccessRecord[]) => void
  readonly metrics: Metrics
  readonly log: Logger
  /** Epoch milliseconds. */
  readonly now: () => number
}
export type AccessLogService = { readonly register: (server: Server) => void }

type LogCall = ServerReadableStream<Buffer, Buffer>

/** Refused, with a gRPC status the sidecar's log shows. */
class Refusal extends Error {
  readonly code: status
  constructor(code: status, details: string) {
    super(details)
    this.code = code
  }
}

export function createAccessLogService(options: AccessLogServiceOptions): AccessLogService {
  const stream: handleClientStreamingCall<Buffer, Buffer> = (call, done) => {
    serve(call, options).then(
      () => done(null, Buffer.alloc(0)),
      (error: unknown) => done(asStatus(error, options)),
    )
  }
  return { register: (server) => server.addService(accessLogService, { stream }) }
}

async function serve(call: LogCall, options: AccessLogServiceOptions): Promise<void> {
  options.metrics.streams.inc()
  try {
    let read: LogReader | undefined
    for await (const bytes of call) {
      read ??= await admit(call, bytes, options)
      const records = read(bytes)
      // A stream carries one log, so one kind of record.
      if (records.length > 0) options.metrics.records.inc({ kind: records[0]!.kind }, records.length)
      options.onRecords(records)
    }
  } finally {
    options.metrics.streams.dec()
  }
}

async function admit(call: LogCall, first: Buffer, options: AccessLogServiceOptions): Promise<LogReader> {
  const claim = identify(first)
  if (claim === undefined) {
    options.metrics.rejected.inc({ reason: 'identifier' })
    throw new Refusal(status.INVALID_ARGUMENT, 'the first message must name its node')
  }
  const verified = await options.verifier.verify(bearerToken(call.metadata), claim.nodeId)
  if (!verified.ok) {
    const code = verified.refusal === 'forbidden' ? status.PERMISSION_DENIED : status.UNAUTHENTICATED
    throw new Refusal(code, verified.reason)
  }
  const { now, metrics } = options
  const onRejected = (reason: string) => metrics.rejected.inc({ reason })
  return createLogReader({ node: verified.workload, logName: claim.logName, now, onRejected })
}

/** A stream that was cut is the sidecar's affair; anything unforeseen is ours and is logged. */
function asStatus(error: unknown, { metrics, log }: AccessLogServiceOptions): { code: status; details: string } {
  if (error instanceof Refusal) {
    if (error.code !== status.INVALID_ARGUMENT) metrics.unauthenticated.inc()
    log.warn({ reason: error.message }, 'access log stream refused')
    return { code: error.code, details: error.message }
  }
  log.error({ err: error }, 'access log stream failed')
  return { code: status.INTERNAL, details: 'internal error' }
}
