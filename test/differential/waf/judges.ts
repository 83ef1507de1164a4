/** The same rules in both engines: CRS at a paranoia level, nothing blocked, the score told by a rule of its own. */
import { join } from 'node:path'
import { baseRules } from '../../../classifier/waf/base.ts'
import { createEngine } from '../../../classifier/waf/engine/evaluate.ts'
import { loadRules, type Source } from '../../../classifier/waf/seclang/load.ts'
import type { Case } from './cases.ts'
import { type Finding, found, type Peer, startPeer } from './peer.ts'

const scoreRule = 1_000_001

/** A rule that denies ends the phase in libmodsecurity even in DetectionOnly: then there would be little to compare. */
const base: Source = { file: 'base', text: baseRules.text.replaceAll('deny,status:400', 'pass') }

/**
 * Version 3 has REQUEST_BODY for every content type, version 2 and we have it for forms only, or where a rule forces it:
 * here one does.
 */
const setup = (paranoia: number): Source => ({
  file: 'setup',
  text: `SecRuleEngine DetectionOnly
SecAction "id:1000000,phase:1,nolog,pass,ctl:forceRequestBodyVariable=On,\\
    setvar:tx.blocking_paranoia_level=${paranoia},setvar:tx.crs_validate_utf8_encoding=1"`,
})

const score: Source = {
  file: 'score',
  text: `SecAction "id:${scoreRule},phase:5,pass,log,msg:'%{tx.blocking_inbound_anomaly_score}'"`,
}

export const theirJudge = (library: string, crs: string, files: readonly string[], paranoia: number): Promise<Peer> =>
  startPeer(
    library,
    [
      base,
      setup(paranoia),
      join(crs, 'crs-setup.conf.example'),
      ...files.map((file) => join(crs, 'rules', file)),
      score,
    ],
    scoreRule,
  )

export function ourJudge(crs: string, paranoia: number): (each: Case) => Finding {
  const rules = loadRules([crs], { before: [base, setup(paranoia)], after: [score] })
  if (!rules.ok) throw new Error(rules.problems.map(({ message }) => message).join('\n'))
  const engine = createEngine(rules.value)
  return ({ request }) => {
    const { ids, matches } = engine.evaluate(request)
    return found(ids, matches.find(({ id }) => id === scoreRule)?.message, scoreRule)
  }
}
