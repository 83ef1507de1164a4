/** The bounds of rule evaluation, in units, with what happens past them. (Those of bodies are in `body/limits.ts`.) */

/**
 * V8's backtracking engine sees no subject longer than this; above it the linear-time engine runs (30-300 times slower a
 * call, but never more than that). Measured on all CRS patterns: at 128 bytes the worst V8 call takes 0.6 ms, at 4 KB 23 s.
 */
export const maxBacktrackedBytes = 128

/** Nested deeper, a pattern is refused: the parser and every walk over the tree recurse. */
export const maxPatternDepth = 100

/** Longer patterns are refused. CRS's longest has 12,182. */
export const maxPatternCharacters = 64 * 1024

/** `x{n}` with a greater n is refused, as in RE2. */
export const maxPatternRepeat = 1000

/** Positions of a pattern with its repetitions written out; past it the pattern is refused, as RE2 does. CRS's biggest: see the test. */
export const maxPatternPositions = 100_000

/** ModSecurity's TX.0 … TX.9. */
export const maxCaptures = 10

/** `@verify…` looks at no more candidates of a value; the value then counts as having none. */
export const maxVerifiedCandidates = 1000

/** libddwaf cuts strings at 4,096 bytes; of a longer value, `libinjection/text.ts` says what is looked at. UTF-8 may take twice. */
export const maxLibinjectionBytes = 2048

/** Past it the value has no verdict and the evaluation fails: 2 KB take about 20 µs. */
export const maxLibinjectionMicroseconds = 1_000_000

/** A pattern that needs one of more literals counts as needing none: looking for them would cost more than it saves. */
export const maxRequiredLiterals = 400
