/**
 * The ext_proc front: Envoy asks, the inspection judges, this is what stands between them.
 *
 * Promises: what a profile with deny binds is held until its verdict; without one it is refused. No call ends with OK
 * before its verdict, whatever fails. Everything held is bounded, in bytes and in time, and nobody is served without the
 * token of the profile he names. Does not: look into bodies, know sensors, or decide what a finding means.
 */
import { profileHeader } from '../../xds-server/compile/names.ts'
import type { Inspector } from '../inspection/model.ts'
import { authenticator } from './authenticate.ts'
import { defaultTimes, maxHeldBytes, type Times } from './limits.ts'
import { type House, Session } from './session.ts'
import { type Accept, type Call, type CallEvents, status } from './transport.ts'

/** The only method there is. */
const method = '/envoy.service.ext_proc.v3.ExternalProcessor/Process'

export type FrontOptions = {
  readonly inspector: Inspector
  /** Shared with the control plane, which writes the tokens into the filters. */
  readonly secret: string | Uint8Array
  readonly times?: Times
  /** Bytes of bodies held for everybody. */
  readonly heldBytes?: number
}

const deaf: CallEvents = { message() {}, halfClosed() {}, drained() {}, closed() {} }

export function createFront({
  inspector,
  secret,
  times = defaultTimes,
  heldBytes = maxHeldBytes,
}: FrontOptions): Accept {
  const authenticate = authenticator(secret)
  let held = 0
  const house: House = {
    inspector,
    times,
    hold(bytes) {
      held += bytes
      return held <= heldBytes
    },
  }
  return (call: Call) => {
    const profile = call.metadata(profileHeader)
    if (call.path !== method) call.end(status.unimplemented, 'only ext_proc')
    else if (!authenticate(profile, call.metadata('authorization'))) call.end(status.unauthenticated, 'token')
    else return new Session(call, profile, house)
    return deaf
  }
}
