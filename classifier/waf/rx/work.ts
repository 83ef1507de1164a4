/**
 * How much matching has been done on this thread, in steps of about a nanosecond: a byte looked up in a table is one, a
 * place of a pattern visited is more. Only ever counts up; whoever bounds or tests work looks at it before and after.
 */
export const work: { steps: number } = { steps: 0 }
