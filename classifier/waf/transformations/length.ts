/** In bytes. */
export const length = (value: string): string => String(value.length)
