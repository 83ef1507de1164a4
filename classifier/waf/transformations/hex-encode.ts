export const hexEncode = (value: string): string => Buffer.from(value, 'latin1').toString('hex')
