import { createHash } from 'node:crypto'

/** The 16 raw bytes. */
export const md5 = (value: string): string => createHash('md5').update(value, 'latin1').digest().toString('latin1')
