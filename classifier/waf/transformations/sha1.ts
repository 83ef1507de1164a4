import { createHash } from 'node:crypto'

/** The 20 raw bytes. */
export const sha1 = (value: string): string => createHash('sha1').update(value, 'latin1').digest().toString('latin1')
