export const base64Encode = (value: string): string => Buffer.from(value, 'latin1').toString('base64')
