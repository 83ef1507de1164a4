/** A call handler for tests of transports: answers each message with itself and ends well when the client has ended. */
import { type Accept, type Call, type CallEvents, status } from '../transport.ts'

export type EchoLog = { readonly calls: Call[]; readonly events: string[] }

/** `/echo/<method>`: `say` echoes, `wait` never answers, `fail` ends at once with an error. */
export function echo(log: EchoLog = { calls: [], events: [] }): Accept {
  return (call): CallEvents => {
    log.calls.push(call)
    if (call.path.endsWith('/fail')) call.end(status.unavailable, 'not today, 100 % sure')
    const silent = !call.path.endsWith('/say')
    return {
      message: (bytes) => {
        log.events.push(`message ${bytes.length}`)
        if (!silent) call.send(Buffer.from(bytes))
      },
      halfClosed: () => {
        log.events.push('half-closed')
        if (!silent) call.end(status.ok, '')
      },
      drained: () => log.events.push('drained'),
      closed: () => log.events.push('closed'),
    }
  }
}
