/** Runs of C's `isspace` become one blank. */
export const compressWhitespace = (value: string): string => value.replace(/[\t-\r ]+/g, ' ')
