/** The bounds of the DLP engine, in units, with what happens past them. */

/** Bytes before a candidate that a detector may look at, its context words among them. */
export const behindBytes = 512
/** Bytes a candidate waits for before it is judged. Longer secrets (PEM, JWT) are reported cut to `maxFindingBytes`. */
export const aheadBytes = 4096
/** The longest finding. Below `aheadBytes` by what context words and guards look at behind it. */
export const maxFindingBytes = aheadBytes - 256
/** A backtracking regex sees no longer subject; a match that would be longer is cut or missed. */
export const maxRegexBytes = 512
/** Where in that subject a match may begin; what follows is for its length. */
export const regexStepBytes = 256
/** Bytes before the first place where a match may begin: for `\b`, `^` and the like. */
export const regexBehindBytes = 64

/** Context words stand at most this many words away (numbers are no words)… */
export const contextWords = 6
/** …and at most this many bytes. */
export const contextBytes = 96
/** A word that says that a number is something else stands right before it: so many bytes between them at most. */
export const besideBytes = 4
/** Column names stand in the first so many bytes of a text… */
export const headingBytes = 1024
/** …and a cell is counted in where its line begins no more than this many bytes before it. */
export const columnBytes = 480
/** Numbers of the same length that are no cards make one doubtful: so many bytes before and behind it are looked at. */
export const neighbourBytes = 256

/** Content is decoded in slices of this size: bounds what the offset maps hold. */
export const sliceBytes = 64 * 1024
/** Stream bytes for which the offset maps keep the way back: findings lag behind the stream by less. */
export const offsetMemoryBytes = 32 * 1024

/** A compressed body may grow to this many bytes; past it, it is scanned up to there and marked partial. */
export const maxInflatedBytes = 8 * 1024 * 1024
/** …and to this many times its own size (a bomb has 1,000 and more, text 3 to 20). */
export const maxInflatedRatio = 100

/** Shorter runs of base64 are not decoded: a card number alone has 24 characters. */
export const minBase64Characters = 24

/** Findings kept of one stream; past it only the number goes on counting. A table of a million cards needs no more… */
export const maxFindings = 1000
/** …but of each detector so many are kept, whatever the others found. */
export const findingsEach = 20
/** Different values that a pattern may ask for: they are told apart up to there. */
export const maxAtLeast = 1000

/** Words of one dictionary; more are refused (exact-data match is for millions). */
export const maxDictionaryWords = 10_000
/** NeuVector's bound: patterns of one rule, all of which must hold. */
export const maxPatterns = 16
/** Longer patterns are refused. */
export const maxPatternCharacters = 1024
/** Longer exact-data tokens are neither taken nor looked for. */
export const maxTokenBytes = 64
