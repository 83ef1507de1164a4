/**
 * An inspection that is told by words in the traffic what to find, for tests of the front: `EVIL` is denied, `NOTED` is
 * found and passes, `SECRET` is overwritten, `ZIPPED` becomes a longer text in plain, `BROKEN` fails, `HANG` never ends.
 */
import type { InspectionProfile } from '../../../xds-server/policy/sensor.ts'
import type {
  BodyPrefix,
  Exchange,
  Finding,
  Inspector,
  Plan,
  RequestHead,
  ResponseHead,
  Verdict,
} from '../../inspection/model.ts'

export const aPlan = (over: Partial<Plan> = {}): Plan => ({
  requestBytes: 128 * 1024,
  uploadBytes: over.requestBytes ?? 128 * 1024,
  requestPastLimit: 'pass',
  responses: true,
  responseBytes: over.responses === false ? 0 : 128 * 1024,
  responsePastLimit: 'pass',
  masks: true,
  ...over,
})

export type Seen =
  | { readonly call: 'request'; readonly head: RequestHead; readonly body: string | undefined; readonly end: boolean }
  | { readonly call: 'response'; readonly head: ResponseHead; readonly body: string | undefined; readonly end: boolean }
  | { readonly call: 'more'; readonly body: string; readonly end: boolean; readonly flush: boolean }
  | { readonly call: 'drop' }

export type TestInspector = Inspector & {
  readonly seen: readonly Seen[]
  /** Resolves with the next call, whatever it is. */
  next(): Promise<Seen>
}

export const clean: Verdict = {
  action: 'pass',
  status: 200,
  findings: [],
  found: 0,
  score: 0,
  partial: undefined,
  masked: undefined,
  decoded: false,
  us: 1,
}

const finding = (kind: Finding['kind'], rule: string): Finding => ({
  kind,
  sensor: 'words',
  rule,
  severity: 'critical',
  message: `it says ${rule}`,
  where: 'body',
})

function judge(text: string, body: Uint8Array | undefined): Verdict | Promise<never> {
  if (text.includes('HANG')) return new Promise<never>(() => {})
  if (text.includes('BROKEN')) throw new Error('this was to be expected')
  if (text.includes('EVIL')) return found({ action: 'deny', status: 403 }, finding('waf', 'EVIL'))
  if (text.includes('LEAK')) return found({ action: 'deny', status: 403 }, finding('dlp', 'LEAK'))
  if (body !== undefined && text.includes('ZIPPED')) {
    const masked = Buffer.from(text.replaceAll('ZIPPED', 'a plain text, much longer'), 'latin1')
    return found({ masked, decoded: true }, finding('dlp', 'ZIPPED'))
  }
  if (body !== undefined && text.includes('SECRET')) {
    const masked = Buffer.from(text.replaceAll('SECRET', '******'), 'latin1')
    return found({ masked }, finding('dlp', 'SECRET'))
  }
  return text.includes('NOTED') ? found({ score: 3 }, finding('waf', 'NOTED')) : clean
}

const found = (over: Partial<Verdict>, it: Finding): Verdict => ({ ...clean, score: 5, found: 1, findings: [it], ...over })
const textOf = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1'))

/** @param profiles id → its plan and whether it enforces */
export function anInspector(
  profiles: Readonly<Record<string, { readonly plan: Plan; readonly profile: InspectionProfile }>>,
): TestInspector {
  const seen: Seen[] = []
  let listeners: ((it: Seen) => void)[] = []
  const note = (it: Seen) => {
    seen.push(it)
    const told = listeners
    listeners = []
    for (const listener of told) listener(it)
  }
  const exchange = (plan: Plan): Exchange => ({
    plan,
    async request(head, body?: BodyPrefix) {
      const text = textOf(body?.bytes)
      note({ call: 'request', head, body: text, end: body?.end ?? true })
      const whole = `${head.path}\n${head.headers.flat().join('\n')}\n`
      const verdict = await judge(whole, undefined)
      return verdict !== clean || text === undefined ? verdict : judge(text, body!.bytes)
    },
    async response(head, body?: BodyPrefix) {
      const text = textOf(body?.bytes)
      note({ call: 'response', head, body: text, end: body?.end ?? true })
      return judge(`${text ?? ''}`, body?.bytes)
    },
    async more(bytes, { end, flush }) {
      note({ call: 'more', body: textOf(bytes)!, end, flush })
      return judge(textOf(bytes)!, bytes)
    },
    drop: () => note({ call: 'drop' }),
  })
  return {
    seen,
    next: () => new Promise((resolve) => listeners.push(resolve)),
    begin: (id) => (profiles[id] === undefined ? undefined : exchange(profiles[id].plan)),
    profile: (id) => profiles[id]?.profile,
  }
}
