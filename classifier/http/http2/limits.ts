/** What a peer of the HTTP/2 layer may make us hold, and what becomes of one that wants more. */

/** Bytes of a frame's payload, in both directions (RFC 9113's default): past it the connection ends. */
export const maxFrameBytes = 16_384
/** Of a header block before it is decoded, all its CONTINUATIONs together: past it the connection ends. */
export const maxHeaderBlockBytes = 32_768
/** Of the decoded fields, counted as RFC 9113 6.5.2 does. */
export const maxHeaderListBytes = 65_536
/** What a peer may remember of header fields until it has seen our settings (HPACK's default). */
export const initialTableBytes = 4_096
/** Header blocks of which we remember what they say, and the longest of them. */
export const cachedBlocks = 64
export const maxCachedBlockBytes = 2_048
/** Connections of all Envoys, one for each of their workers: more are closed as they come. */
export const maxConnections = 4_096
/** Streams one connection may have open: what comes past it is refused, Envoy then opens another connection. */
export const maxStreams = 1_000
/** Bytes a stream may send before it has to wait for us, and those of all streams of a connection. */
export const streamWindow = 131_072
export const connectionWindow = 8 * 1_024 * 1_024
/** The connection's credit is given back in pieces of this size. */
export const connectionCredit = connectionWindow / 4
/** A stream's credit is given back in pieces of this size. */
export const streamCredit = streamWindow / 4
/** Bytes we may have handed to a socket that does not take them: past it no more DATA is written … */
export const socketHighWater = 256 * 1_024
/** … and past this (answers to pings and settings nobody reads) the connection ends. */
export const maxSocketBytes = 8 * 1_024 * 1_024
/**
 * Streams that a peer may open and reset before it had an answer, at once and each second (CVE-2023-44487). Clients of
 * an Envoy that hang up look like that, so it is generous.
 */
export const earlyResets = { burst: 20_000, perSecond: 5_000 } as const
/** Bytes of one message. Envoy's are headers (60 KB at most by default) or pieces of a body as they came. */
export const maxMessageBytes = 4 * 1_024 * 1_024
