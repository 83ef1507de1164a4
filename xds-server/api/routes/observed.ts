/** Conversations, graph, events: questions only. */
import type { observedRoutes } from '../contract/observed.ts'
import { busiestFirst, edgesOf, matching } from '../conversations.ts'
import { groupsNamed } from '../groups.ts'
import type { HandlersOf } from '../handler.ts'

export const observedHandlers: HandlersOf<typeof observedRoutes> = {
  listConversations: ({ query, backend }) => {
    const found = busiestFirst(matching(backend.conversations(), query))
    return { total: found.length, conversations: found.slice(query.offset, query.offset + query.limit) }
  },
  readGraph: ({ query, backend }) => {
    const edges = edgesOf(matching(backend.conversations(), query))
    const names = new Set(edges.flatMap((e) => [e.source, e.destination]))
    const groups = groupsNamed(names, backend.store, backend.directory())
    return { nodes: groups.map(({ name, kind, mode, members }) => ({ name, kind, mode, members })), edges }
  },
  listEvents: ({ query, backend }) => ({ events: backend.events(query) }),
}
