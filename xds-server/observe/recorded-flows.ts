/**
 * Conversations as flows that can be decided again: what a dry run asks "what would have become of it?". A sample of
 * each conversation stands for all of it, at addresses that still are who they were; headers are not recorded.
 */
import type { Directory } from '../policy/directory.ts'
import { otherRequests } from '../policy/evidence.ts'
import type { Flow, HttpRequest } from '../policy/model.ts'
import type { RecordedFlow } from '../policy/preview.ts'
import type { Conversation } from './model.ts'

/** A conversation whose ends are gone has nobody whom a draft could concern. */
export function recordedFlows(conversations: readonly Conversation[], directory: Directory): readonly RecordedFlow[] {
  return conversations.flatMap((conversation) => {
    const source = present(conversation.evidence.sourceIps, conversation.source, directory)
    const destination = present(conversation.evidence.destinationIps, conversation.destination, directory)
    if (source === undefined || destination === undefined) return []
    const { port, protocol, application } = conversation
    return flowsOf(conversation, { source, destination, port, protocol, application })
  })
}

const present = (ips: readonly string[], group: string, directory: Directory): string | undefined =>
  ips.find((ip) => directory.endpoint(ip).groups.includes(group))

function flowsOf(conversation: Conversation, flow: Flow): readonly RecordedFlow[] {
  const { requests, connections, evidence } = conversation
  if (requests === 0) return connections === 0 ? [] : [{ flow, count: connections }]
  return Object.entries(evidence.requests).map(([request, count]) => {
    const http = requestOf(request, conversation)
    return { flow: http === undefined ? flow : { ...flow, http }, count }
  })
}

/** Of `METHOD template`; a parameter stands for itself. Undefined: many requests in one, of which nothing is known. */
function requestOf(request: string, { application, evidence }: Conversation): HttpRequest | undefined {
  if (request === otherRequests) return undefined
  const space = request.indexOf(' ')
  const [method, path] = [request.slice(0, space), request.slice(space + 1)]
  const http = { method, path, host: evidence.hosts?.[0] ?? '', headers: {} }
  return application === 'grpc' ? { ...http, grpc: path.slice(1) } : http
}
