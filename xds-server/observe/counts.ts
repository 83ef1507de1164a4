/** What is counted of a conversation, over any span of time. Mutable: it is added to once for each record. */
export type Counts = {
  connections: number
  requests: number
  bytesReceived: number
  bytesSent: number
  /** Epoch milliseconds; Infinity and 0 while nothing was counted. */
  firstSeen: number
  lastSeen: number
}

export const noCounts = (): Counts => ({
  connections: 0,
  requests: 0,
  bytesReceived: 0,
  bytesSent: 0,
  firstSeen: Number.POSITIVE_INFINITY,
  lastSeen: 0,
})

export function addCounts(to: Counts, more: Readonly<Counts>): void {
  to.connections += more.connections
  to.requests += more.requests
  to.bytesReceived += more.bytesReceived
  to.bytesSent += more.bytesSent
  to.firstSeen = Math.min(to.firstSeen, more.firstSeen)
  to.lastSeen = Math.max(to.lastSeen, more.lastSeen)
}

/** The counts of a key, made when it is new. */
export function countsOf<K>(map: Map<K, Counts>, key: K): Counts {
  const known = map.get(key)
  if (known !== undefined) return known
  const fresh = noCounts()
  map.set(key, fresh)
  return fresh
}
