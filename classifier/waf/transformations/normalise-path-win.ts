import { normalisePath } from './normalise-path.ts'

/** Backslashes first become slashes. */
export const normalisePathWin = (value: string): string => normalisePath(value.replaceAll('\\', '/'))
