export const replaceNulls = (value: string): string => value.replaceAll('\0', ' ')
