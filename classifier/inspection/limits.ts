/** The bounds of inspection, in units, with what happens past them. (Those of the engines are in their own folders.) */

/** Findings of one verdict: they travel as metadata with the access log. Past it only `found` goes on counting. */
export const maxFindings = 16
/** Findings of one DLP rule: a table of cards does not hide what else there is. */
export const maxFindingsOfRule = 4
/** Characters of what matched in a WAF rule. */
export const maxDataCharacters = 128
/** Characters of a finding's message without what matched. */
export const maxMessageCharacters = 200

/** Work on one call, from when a worker begins with it; past it the worker is replaced and the exchange has an error. */
export const workMs = 50
/** More for each MB of a body: a form of 3,000 fields, 79 KB, takes CRS 70 ms; 1 MB of numbers takes DLP 30. */
export const workMsPerMb = 1000
/** How often it is looked whether a worker is late. */
export const watchMs = 10

/** Past it, a call that no worker has begun with is an error: Envoy waits no longer either. */
export const maxWaitMs = 1000
/** Calls that wait for a worker; more are errors at once. */
export const maxWaiting = 2048
/** Bytes of bodies that wait. */
export const maxWaitingBytes = 128 * 1024 * 1024
/** Calls that a worker has been given; one is worked on, the others keep it from waiting for the next message. */
export const maxInFlight = 4

/** Exchanges of which a worker keeps something between calls; past it the oldest is forgotten, and has an error. */
export const maxExchanges = 10_000
/** Profiles that no set names any more, for Envoys that have not heard of it. The least recently named goes first. */
export const maxOldProfiles = 256

/** How long an exchange waits for a profile that is not here yet. */
export const profileWaitMs = 1000

/** Workers that end within `crashWindowMs`; past it they are started one at a time, `crashPauseMs` apart, and it is told. */
export const maxCrashes = 5
export const crashWindowMs = 30_000
export const crashPauseMs = 3000
/** Compiling a set takes a worker longer than this: it hangs and is replaced. */
export const maxCompileMs = 120_000
/** JavaScript heap of a worker; past it the worker ends, like one that is late. */
export const maxWorkerHeapMb = 1024

/** Of it, for what is young: V8's own choice (48 MB on large machines) makes a worker 50 MB larger and hardly faster. */
export const maxWorkerYoungMb = 24
/** How long a worker that is to compile a set waits for its exchanges to end; those that last longer wait for it. */
export const drainMs = 1000
/** Workers that end while they compile a set; then it is given up. */
export const maxFailedCompiles = 2
