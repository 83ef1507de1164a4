/**
 * Is this a sensor that the classifier can run? What the API and the command line ask before one is saved: the same
 * compilers that the workers have, but no rule set is read, so it needs no Core Rule Set and takes milliseconds.
 */
import type { Problem } from '../../xds-server/policy/model.ts'
import type { CrsExclusion, DlpSensor, WafSensor } from '../../xds-server/policy/sensor.ts'
import { parseVariables } from '../waf/seclang/variables.ts'
import { compileDlpSensor } from './compiled.ts'
import { compileWafRules } from './waf-rules.ts'

/**
 * Every problem, with its path in the sensor (`rules[2].patterns[0].regex`); of a pattern also the place in it. Its shape
 * is for policy's parsers.
 */
export function checkSensor(sensor: WafSensor | DlpSensor): readonly Problem[] {
  if (!('crs' in sensor)) {
    const compiled = compileDlpSensor(sensor)
    return compiled.ok ? [] : compiled.problems
  }
  const problems: Problem[] = []
  compileWafRules(sensor.rules, problems)
  sensor.crs?.exclusions.forEach((exclusion, i) => {
    problems.push(...checkTargets(exclusion, `crs.exclusions[${i}].targets`))
  })
  return problems
}

function checkTargets(exclusion: CrsExclusion, path: string): readonly Problem[] {
  if (!('targets' in exclusion)) return []
  return exclusion.targets.flatMap((target, i) => {
    try {
      parseVariables(target)
      return []
    } catch (error) {
      return [{ path: `${path}[${i}]`, message: (error as Error).message }]
    }
  })
}
