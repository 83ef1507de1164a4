/** The marks of comments go, what is in them stays. */
export const removeCommentsChar = (value: string): string => value.replace(/\/\*|\*\/|<!--|-->|--|#/g, '')
