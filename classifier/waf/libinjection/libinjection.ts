/**
 * libinjection's two questions. Promises: what the C library answers (`wasm/`: its sources, unchanged, as a Wasm module)
 * for values of up to `maxLibinjectionBytes` bytes, and of a longer value for as many of its first; cheap where a value can
 * not be an attack (`gate.ts`). Not an implementation of our own: the fingerprints and keywords are data that no
 * description of the algorithm gives. Never reaches outside the module's own memory: it has no imports.
 */
import { mayBeSqli, mayBeXss } from './gate.ts'
import { loadModule } from './module.ts'

/** The fingerprint of an SQL injection (`s&1c`), or undefined. Values are latin1 text, one character a byte. */
export type DetectSqli = (value: string) => string | undefined
export type DetectXss = (value: string) => boolean
export type Libinjection = { readonly detectSqli: DetectSqli; readonly detectXss: DetectXss }

let loaded: Libinjection | undefined

/** Throws where the module can not be read. Loaded once per thread, when the first rule asks for it. */
export function libinjection(): Libinjection {
  loaded ??= gated(native())
  return loaded
}

const gated = ({ detectSqli, detectXss }: Libinjection): Libinjection => ({
  detectSqli: (value) => (mayBeSqli(value) ? detectSqli(value) : undefined),
  detectXss: (value) => mayBeXss(value) && detectXss(value),
})

/** Of a fingerprint, at most: five tokens. */
const fingerprintBytes = 8

/** Without the gate, for the test that proves the gate. */
export function native(): Libinjection {
  const { exports, write, read } = loadModule()
  return {
    detectSqli: (value) => {
      const fingerprint = exports.sqli(write(value))
      return fingerprint === 0 ? undefined : read(fingerprint, fingerprintBytes)
    },
    detectXss: (value) => exports.xss(write(value)) !== 0,
  }
}
