import { type Libinjection, libinjection } from '../libinjection/libinjection.ts'
import type { Match, OperatorFactory } from './operator.ts'

const asking =
  (ask: (library: Libinjection, value: string) => Match | undefined): OperatorFactory =>
  () => {
    try {
      const library = libinjection()
      return (value) => ask(library, value)
    } catch (error) {
      return { message: `libinjection can not be loaded (${(error as Error).message})` }
    }
  }

/** TX.0 becomes the fingerprint. */
export const detectSQLi = asking((library, value) => {
  const fingerprint = library.detectSqli(value)
  return fingerprint === undefined ? undefined : { matched: fingerprint }
})

export const detectXSS = asking((library, value) => (library.detectXss(value) ? { matched: value } : undefined))
