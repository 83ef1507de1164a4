/**
 * One gRPC stream: authentication, decoding, writing, ending. Nothing is believed before the verifier has spoken, and
 * nothing is kept for a peer that does not read.
 */
import { type ServerDuplexStream, status } from '@grpc/grpc-js'
import type { Logger } from 'pino'
import { type DiscoveryNode, decodeDeltaRequest, decodeSotwRequest } from '../envoy/discovery.ts'
import { bearerToken, type Verification, type Verifier } from '../envoy/verifier.ts'
import type { Conversation } from './conversation.ts'
import type { Fleet } from './fleet.ts'
import type { StreamMessage } from './machine.ts'
import type { Metrics } from './metrics.ts'
import { createSidecar, type Sidecar } from './sidecar.ts'
import type { Protocol } from './turn.ts'

/** From the stream's start to the verifier's word; a stream that says nothing is not kept open. */
export const authenticationMs = 10_000
/**
 * After it, an Envoy that has not asked for clusters and listeners is told to start over: after some reconnects it
 * forgets to (envoy#33607, #36951) and would warm for ever.
 */
export const silentTypesMs = 30_000
/** What a stream that does not read may cost; past it the stream ends, and Envoy comes back for the newest state. */
const maxUnsentBytes = 8 * 1024 * 1024

export type Call = ServerDuplexStream<Buffer, Buffer>

export type SessionHost = {
  now(): number
  readonly verifier: Verifier
  readonly fleet: Fleet
  readonly conversation: Conversation
  readonly metrics: Metrics
  readonly log: Logger
  /** The stream is no more. */
  onEnd(session: Session, sidecar: Sidecar | undefined): void
}

export type Session = {
  /** Ends the stream with UNAVAILABLE: the client is to come back, to this server or another one. */
  end(reason: string): void
}

type EndReason = 'protocol' | 'unauthenticated' | 'forbidden' | 'verifier' | 'silent' | 'slow' | 'shutdown' | 'internal'
const codes: Record<EndReason, status> = {
  protocol: status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  verifier: status.UNAVAILABLE,
  silent: status.UNAVAILABLE,
  slow: status.RESOURCE_EXHAUSTED,
  shutdown: status.UNAVAILABLE,
  internal: status.INTERNAL,
}

type Decoded = { readonly node: DiscoveryNode | undefined; readonly message: StreamMessage }

function decode(protocol: Protocol, bytes: Buffer): Decoded {
  if (protocol === 'delta') {
    const request = decodeDeltaRequest(bytes)
    return { node: request.node, message: { kind: 'delta', request } }
  }
  const request = decodeSotwRequest(bytes)
  return { node: request.node, message: { kind: 'sotw', request } }
}

/** Serves a stream to its end. */
export function serveStream(host: SessionHost, call: Call, protocol: Protocol): Session {
  let sidecar: Sidecar | undefined
  let isOver = false
  let unsentBytes = 0
  let deadline = setTimeout(() => end('unauthenticated', 'no authenticated request in time'), authenticationMs)

  const finish = (): void => {
    if (isOver) return
    isOver = true
    clearTimeout(deadline)
    if (sidecar) host.fleet.detach(sidecar)
    host.onEnd(session, sidecar)
  }

  const end = (reason: EndReason, details: string): void => {
    if (isOver) return
    host.metrics.ended.inc({ reason })
    host.log.info({ workload: sidecar?.workload, peer: call.getPeer(), reason, details }, 'xds stream ended')
    finish()
    call.emit('error', { code: codes[reason], details })
  }
  const session: Session = { end: (reason) => end('shutdown', reason) }

  const write = (bytes: Buffer): void => {
    if (isOver) return
    if (unsentBytes > maxUnsentBytes) {
      end('slow', `${unsentBytes} bytes are not read`)
      return
    }
    unsentBytes += bytes.length
    call.write(bytes, () => {
      unsentBytes -= bytes.length
    })
  }

  const checkTypes = (): void => {
    const { cluster, listener } = sidecar!.state.subscriptions
    if (!cluster || !listener) end('silent', 'clusters or listeners were not asked for')
  }

  const admit = (workload: string, node: DiscoveryNode): void => {
    sidecar = createSidecar({ workload, envoy: node.version, connectedAt: host.now(), protocol, write })
    clearTimeout(deadline)
    deadline = setTimeout(checkTypes, silentTypesMs)
    host.fleet.attach(sidecar)
    host.log.info({ workload, envoy: node.version, protocol, class: sidecar.record?.key }, 'sidecar connected')
  }

  const converse = (message: StreamMessage): void => {
    if (isOver || !sidecar) return
    const problem = host.conversation.receive(sidecar, message)
    if (problem !== undefined) end('protocol', problem)
  }

  const judge = (verification: Verification, { node, message }: Decoded): void => {
    if (isOver) return
    if (!verification.ok) {
      end(verification.refusal === 'unknown' ? 'unauthenticated' : 'forbidden', verification.reason)
      return
    }
    admit(verification.workload, node!)
    converse(message)
    call.resume()
  }

  const authenticate = (first: Decoded): void => {
    if (!first.node?.id) {
      end('protocol', 'node.id is missing in the first request')
      return
    }
    call.pause()
    host.verifier.verify(bearerToken(call.metadata), first.node.id).then(
      (verification) => judge(verification, first),
      (error: unknown) => {
        host.log.error({ err: error, node: first.node?.id }, 'verifier failed')
        end('verifier', 'the token could not be checked')
      },
    )
  }

  const receive = (bytes: Buffer): void => {
    if (isOver) return
    let decoded: Decoded
    try {
      decoded = decode(protocol, bytes)
    } catch (error) {
      host.log.warn({ err: error, workload: sidecar?.workload, peer: call.getPeer() }, 'undecodable request')
      end('protocol', 'not a discovery request')
      return
    }
    if (sidecar) converse(decoded.message)
    else authenticate(decoded)
  }

  call.on('data', receive)
  call.on('cancelled', finish)
  call.on('error', finish)
  call.on('end', () => {
    finish()
    call.end()
  })
  return session
}
