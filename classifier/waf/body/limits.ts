/** Caps of the body readers. Past one of them what was read so far is judged and the body has an error. */

/** A compressed body may grow to this many bytes… */
export const maxDecodedBytes = 1024 * 1024
/** …and to this many times its own size (a bomb has 1,000 and more, text 3 to 20). */
export const maxDecodedRatio = 100
/** Nesting of JSON values. */
export const maxJsonDepth = 128
/** Nesting of XML elements. */
export const maxXmlDepth = 256
/** Arguments, parts and attributes of one body; also arguments of a query, and cookies. */
export const maxBodyItems = 2048
/** Of a part of multipart: a line of its header, in bytes, and their number. Past it there is an error and the line is not kept. */
export const maxPartHeaderBytes = 4096
export const maxPartHeaders = 32
