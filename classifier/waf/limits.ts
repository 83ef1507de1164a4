/** The bounds of rule evaluation, in units, with what happens past them. (Those of bodies are in `body/limits.ts`.) */

/**
 * V8's backtracking engine sees no subject longer than this; above it the linear-time engine runs. Measured on all CRS
 * patterns: at 128 bytes the worst call takes 0.7 ms, at 4 KB 23 s. On common short subjects V8 takes 0.2 µs and RE2's
 * automaton 0.6 µs once it is warm.
 */
export const maxBacktrackedBytes = 128

/**
 * Groups (TX.0 …) are looked for in a subject up to this long as a whole; in a longer one only around the end of the match.
 * Whether it matches is exact for every length; finding groups takes up to 3 µs a byte (re2js, CRS).
 */
export const maxGroupedBytes = 1024

/** Nested deeper, a pattern is refused: the parser and every walk over the tree recurse. */
export const maxPatternDepth = 100

/** Longer patterns are refused. CRS's longest has 12,182. */
export const maxPatternCharacters = 64 * 1024

/** `x{n}` with a greater n is refused, and repetitions in one another that have more turns together, as in RE2. */
export const maxPatternRepeat = 1000

/** Positions of a pattern with its repetitions written out; past it the pattern is refused. RE2 takes ten times as many. */
export const maxPatternPositions = 100_000

/** A pattern with more is not given to V8, which finds some of them too large (the smallest we know has 40,000). */
export const maxBacktrackedPositions = 10_000

/** ModSecurity's TX.0 … TX.9. */
export const maxCaptures = 10

/** `@verify…` looks at no more candidates of a value; the value then counts as having none. */
export const maxVerifiedCandidates = 1000

/**
 * Bytes of a value that libinjection reads; what comes behind them is not looked at. As much as a body may grow to
 * (`maxDecodedBytes`), so nothing we parse is longer. Linear: SQL takes up to 0.1 µs a byte, HTML full of attributes 0.35.
 */
export const maxLibinjectionBytes = 1024 * 1024

/** A pattern that needs one of more literals counts as needing none: looking for them would cost more than it saves. */
export const maxRequiredLiterals = 400

/**
 * The exponent of backtracking's time that V8 is allowed; a pattern with more always goes to the linear-time engine.
 * Measured on CRS at 128 bytes: patterns of 3 take up to 0.7 ms, of 4 up to 85 ms.
 */
export const maxBacktrackingDegree = 3

/** A loop that takes more steps to judge counts as ambiguous. */
export const maxAmbiguitySteps = 1_000_000

/** Look-ups that a pattern's automaton keeps (4 bytes each); where they are used up it begins anew. */
export const maxAutomatonCells = 128 * 1024

/** Places of a pattern in all states that its automaton keeps (about 10 bytes each). */
export const maxAutomatonPlaces = 128 * 1024

/** Places of all patterns of a rule set in one program (about 30 bytes each; CRS has 170,000); those beyond are asked one by one. */
export const maxLibraryPlaces = 1_000_000

// ---------------------------------------------------------------- what of a request and a response is looked at
// What lies past one of these is not looked at, and `Outcome.partial` says so. What is within them is looked at whole,
// however long a value is: patterns take linear time, so nobody can hide behind padding.

/** Of a request's body, in bytes, decoded, contents of files not counted; ModSecurity's SecRequestBodyNoFilesLimit. A caller may choose up to `mostRequestBytes`. */
export const standardRequestBytes = 128 * 1024
export const mostRequestBytes = 1024 * 1024

/** Names and values of all arguments together, in multiples of the limit above: JSON repeats the path in each name. */
export const maxArgumentsGrowth = 4

/** A multipart body with its files. Past it the body has an error. */
export const maxMultipartBytes = 16 * 1024 * 1024

/** Of a response's body, decoded. */
export const maxResponseBytes = 512 * 1024

/** Fields of a header; Envoy takes 100 unless it is told otherwise. */
export const maxHeaders = 256

/** Of a URI, and of a header's name and value together; Envoy takes 60 KB for all of them unless it is told otherwise. */
export const maxLineBytes = 64 * 1024

/**
 * Longer data files of rules (`@pmFromFile`, `@ipMatchFromFile`) are refused when they are loaded: their tables, made at
 * the first hit, take some 50 times as much. CRS's longest has 30 KB.
 */
export const maxDataFileBytes = 4 * 1024 * 1024
