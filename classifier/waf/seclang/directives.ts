/** What each directive does to the draft. What is not in a list here is a problem with file and line. */
import { parseActions } from './actions.ts'
import { actionLink, addRule, type Draft, type DraftRule, goesOn, phaseOf, refuseRule, ruleLink } from './draft.ts'
import type { Directive } from './lexer.ts'
import type { Engine } from './model.ts'
import { idsOf, ruleMatcher } from './selection.ts'
import { parseVariables } from './variables.ts'

/** Throws an Error that says what is wrong. */
type Handler = (draft: Draft, directive: Directive) => void

const first = ({ arguments: [value], name }: Directive): string => {
  if (value === undefined) throw new Error(`${name} needs a value`)
  return value
}

const onOff = (directive: Directive): boolean => {
  const value = first(directive).toLowerCase()
  if (value !== 'on' && value !== 'off') throw new Error(`${directive.name} is On or Off`)
  return value === 'on'
}

const engines: Readonly<Record<string, Engine>> = { on: 'On', off: 'Off', detectiononly: 'DetectionOnly' }

export function engineOf(text: string): Engine {
  const engine = engines[text.toLowerCase()]
  if (!engine) throw new Error(`the engine is On, Off or DetectionOnly, not ${text}`)
  return engine
}

const handlers: Readonly<Record<string, Handler>> = {
  secrule: (draft, directive) => addRule(draft, directive, ruleLink(directive)),
  secaction: (draft, directive) => addRule(draft, directive, actionLink(directive)),
  secmarker: (draft, directive) => draft.entries.push({ kind: 'marker', name: first(directive) }),
  secdefaultaction(draft, directive) {
    const actions = parseActions(first(directive))
    draft.defaults.set(phaseOf(actions), actions)
  },
  secruleengine(draft, directive) {
    draft.configuration.engine = engineOf(first(directive))
  },
  secrequestbodyaccess(draft, directive) {
    draft.configuration.requestBodyAccess = onOff(directive)
  },
  secresponsebodyaccess(draft, directive) {
    draft.configuration.responseBodyAccess = onOff(directive)
  },
  secresponsebodymimetype(draft, directive) {
    draft.configuration.responseMimeTypes = directive.arguments.map((type) => type.toLowerCase())
  },
  secresponsebodymimetypesclear(draft) {
    draft.configuration.responseMimeTypes = []
  },
  secargumentseparator(draft, directive) {
    draft.configuration.argumentSeparator = first(directive)
  },
  secruleremovebyid: (draft, directive) => remove(draft, byIds(directive.arguments.join(' '))),
  secruleremovebytag: (draft, directive) => remove(draft, ruleMatcher('tag', first(directive))),
  secruleremovebymsg: (draft, directive) => remove(draft, ruleMatcher('msg', first(directive))),
  secruleupdatetargetbyid: (draft, directive) => updateTarget(draft, directive, byIds(first(directive))),
  secruleupdatetargetbytag: (draft, directive) => updateTarget(draft, directive, ruleMatcher('tag', first(directive))),
  secruleupdatetargetbymsg: (draft, directive) => updateTarget(draft, directive, ruleMatcher('msg', first(directive))),
  secruleupdateactionbyid(draft, directive) {
    const actions = parseActions(directive.arguments[1] ?? '').filter(({ name }) => name !== 'id' && name !== 'phase')
    const keeps = actions.some(({ name }) => name === 't') ? ({ name }: { name: string }) => name !== 't' : () => true
    for (const rule of rulesOf(draft).filter(byIds(first(directive)))) {
      const head = rule.links[0]!
      head.actions = [...head.actions.filter(keeps), ...actions]
    }
  },
}

const rulesOf = (draft: Draft): DraftRule[] => draft.entries.filter((entry) => entry.kind === 'rule')

function byIds(text: string): (rule: DraftRule) => boolean {
  const ids = idsOf(text)
  return (rule) => ids(rule.id)
}

function remove(draft: Draft, matches: (rule: DraftRule) => boolean): void {
  const kept = draft.entries.filter((entry) => entry.kind !== 'rule' || !matches(entry))
  draft.entries.splice(0, draft.entries.length, ...kept)
}

/** `"!ARGS:foo"` takes a variable away, `"ARGS:foo"` adds one; a third argument is replaced by the second. */
function updateTarget(draft: Draft, directive: Directive, matches: (rule: DraftRule) => boolean): void {
  const [, wanted, replaced] = directive.arguments
  if (wanted === undefined) throw new Error(`${directive.name} needs variables`)
  const { targets, exclusions } = parseVariables(wanted)
  const gone = replaced === undefined ? [] : parseVariables(replaced).targets.map((target) => JSON.stringify(target))
  for (const rule of rulesOf(draft).filter(matches)) {
    const head = rule.links[0]!
    head.targets = [...head.targets.filter((target) => !gone.includes(JSON.stringify(target))), ...targets]
    head.exclusions = [...head.exclusions, ...exclusions]
  }
}

/** Logs, files and limits of the server ModSecurity lives in; Postern has its own (`limits.ts`). */
const withoutMeaning: ReadonlySet<string> = new Set([
  ...[
    'secargumentslimit',
    'secauditengine',
    'secauditlog',
    'secauditlog2',
    'secauditlogdirmode',
    'secauditlogfilemode',
  ],
  ...[
    'secauditlogformat',
    'secauditlogparts',
    'secauditlogprefix',
    'secauditlogrelevantstatus',
    'secauditlogstoragedir',
  ],
  ...[
    'secauditlogtype',
    'seccollectiontimeout',
    'seccomponentsignature',
    'seccookieformat',
    'secdatadir',
    'secdebuglog',
  ],
  ...['secdebugloglevel', 'secpcrematchlimit', 'secpcrematchlimitrecursion', 'secrequestbodyinmemorylimit'],
  ...['secrequestbodyjsondepthlimit', 'secrequestbodylimit', 'secrequestbodylimitaction', 'secrequestbodynofileslimit'],
  ...['secresponsebodylimit', 'secresponsebodylimitaction', 'secserversignature', 'secstatusengine', 'sectmpdir'],
  ...['sectmpsaveuploadedfiles', 'secunicodemapfile', 'secuploaddir', 'secuploadfilelimit', 'secuploadfilemode'],
  ...['secuploadkeepfiles', 'secwebappid', 'secxmlexternalentity', 'secparsexmlintoargs'],
])

/** A directive that is wrong or unknown becomes a problem; reading goes on, so that all of them are told. */
export function apply(draft: Draft, directive: Directive): void {
  const { name, file, line } = directive
  const key = name.toLowerCase()
  if (withoutMeaning.has(key)) return
  const handler = handlers[key]
  if (!handler) {
    draft.problems.push({ file, line, message: `there is no directive ${name}` })
    return
  }
  const isRule = key === 'secrule' || key === 'secaction'
  if (isRule && draft.isPassing) {
    draft.isPassing = goesOn(directive)
    return
  }
  try {
    if (draft.open && !isRule) throw new Error('a chain is not finished above it')
    handler(draft, directive)
  } catch (error) {
    draft.problems.push({ file, line, message: (error as Error).message })
    if (isRule) refuseRule(draft, directive)
  }
}
