/**
 * libinjection's two questions. Promises: what the C library inside `@datadog/native-appsec` (libddwaf, prebuilt N-API)
 * answers for values of up to `maxLibinjectionBytes` bytes, and the families that libddwaf has taken out (`pruned.ts`);
 * cheap where a value can not be an attack (`gate.ts`). Not an implementation of our own: the fingerprints and keywords
 * are data that no description of the algorithm gives.
 */
import { createRequire } from 'node:module'
import type { DDWAF } from '@datadog/native-appsec'
import { maxLibinjectionBytes, maxLibinjectionMicroseconds } from '../limits.ts'
import { mayBeSqli, mayBeXss } from './gate.ts'
import { prunedSqli, prunedXss } from './pruned.ts'
import { asText, shortened } from './text.ts'

/** The fingerprint of an SQL injection (`s&1c`), or undefined. */
export type DetectSqli = (value: string) => string | undefined
export type DetectXss = (value: string) => boolean
export type Libinjection = { readonly detectSqli: DetectSqli; readonly detectXss: DetectXss }

let loaded: Libinjection | undefined

/** Throws where the machine has no prebuilt library. Loaded once per thread, when the first rule asks for it. */
export function libinjection(): Libinjection {
  loaded ??= gated(native())
  return loaded
}

export const gated = ({ detectSqli, detectXss }: Libinjection): Libinjection => ({
  detectSqli: (value) => (mayBeSqli(value) ? detectSqli(value) : undefined),
  detectXss: (value) => mayBeXss(value) && detectXss(value),
})

/** Without the gate, for the test that proves the gate. */
export function native(): Libinjection {
  const { DDWAF: Waf } = createRequire(import.meta.url)('@datadog/native-appsec') as { DDWAF: typeof DDWAF }
  const waf = new Waf(rules, 'postern')
  return {
    detectSqli: (value) => ask(waf, 'sqli', value)?.rule_matches[0]?.parameters[0]?.highlight[0] ?? prunedSqli(value),
    detectXss: (value) => ask(waf, 'xss', value) !== undefined || prunedXss(value),
  }
}

const rule = (id: string): object => ({
  id,
  name: id,
  tags: { type: id, category: 'attack' },
  conditions: [{ operator: `is_${id}`, parameters: { inputs: [{ address: id }] } }],
})
const rules = { version: '2.2', metadata: { rules_version: '1' }, rules: [rule('sqli'), rule('xss')] }

type Event = { rule_matches: { parameters: { highlight: string[] }[] }[] }

function ask(waf: DDWAF, question: 'sqli' | 'xss', value: string): Event | undefined {
  const context = waf.createContext()
  try {
    const text = asText(shortened(value, maxLibinjectionBytes))
    const answer = context.run({ persistent: { [question]: text } }, maxLibinjectionMicroseconds)
    if (answer.timeout || answer.errorCode)
      throw new Error(`libinjection gave no answer (${answer.errorCode ?? 'time'})`)
    return answer.events?.[0] as Event | undefined
  } finally {
    context.dispose()
  }
}
