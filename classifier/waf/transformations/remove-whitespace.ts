/** C's `isspace` and the non-breaking space. */
export const removeWhitespace = (value: string): string => value.replace(/[\t-\r \xa0]+/g, '')
