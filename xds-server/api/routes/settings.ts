/** Settings and ignored conversations. */
import type { IgnoredFlow } from '../../policy/model.ts'
import { parseSettings } from '../../policy/parse-policy.ts'
import type { settingsRoutes } from '../contract/settings.ts'
import type { HandlersOf } from '../handler.ts'
import { mergePatch } from '../merge-patch.ts'
import { accepted, notFound } from '../problem.ts'
import { save } from '../save.ts'

export const settingsHandlers: HandlersOf<typeof settingsRoutes> = {
  readSettings: ({ backend }) => ({ settings: backend.store.read('settings').value }),
  editSettings: (call) => {
    const summary = `settings: ${Object.keys(call.body).join(', ')}`
    const settings = save({
      ...call,
      document: 'settings',
      summary,
      change: (settings) => accepted(parseSettings(mergePatch(settings, call.body), '')),
    })
    return { settings }
  },
  listIgnored: ({ query, backend }) => {
    const all = backend.store.read('ignored').value
    return { total: all.length, ignored: all.slice(query.offset, query.offset + query.limit) }
  },
  forgetIgnored: (call) => {
    const { from, to, application } = call.query
    const isIt = (flow: IgnoredFlow) => flow.from === from && flow.to === to && flow.application === application
    const summary = `learn ${from} → ${to} ${application} again`
    save({ ...call, document: 'ignored', summary, change: (ignored) => without(ignored, isIt) })
    return { ignored: { from, to, application } }
  },
}

function without(ignored: readonly IgnoredFlow[], isIt: (flow: IgnoredFlow) => boolean): readonly IgnoredFlow[] {
  const rest = ignored.filter((flow) => !isIt(flow))
  if (rest.length === ignored.length) throw notFound('such ignored conversation')
  return rest
}
