/** The bounds of rule evaluation, in units, with what happens past them. (Those of bodies are in `body/limits.ts`.) */

/**
 * V8's backtracking engine sees no subject longer than this; above it the linear-time engine runs. Measured on all CRS
 * patterns: at 128 bytes the worst call takes 0.7 ms, at 4 KB 23 s. On common short subjects V8 takes 0.2 µs and RE2's
 * automaton 0.6 µs once it is warm.
 */
export const maxBacktrackedBytes = 128

/** Nested deeper, a pattern is refused: the parser and every walk over the tree recurse. */
export const maxPatternDepth = 100

/** Longer patterns are refused. CRS's longest has 12,182. */
export const maxPatternCharacters = 64 * 1024

/** `x{n}` with a greater n is refused, as in RE2. */
export const maxPatternRepeat = 1000

/** Positions of a pattern with its repetitions written out; past it the pattern is refused, as RE2 does. */
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
