export const removeNulls = (value: string): string => value.replaceAll('\0', '')
