/** `postern settings`: what counts for the whole installation. */
import type { Command } from 'commander'
import { parse, stringify } from 'yaml'
import { InputError } from '../errors.ts'
import type { Context } from '../io.ts'
import { type Format, print, withOutput } from '../output.ts'
import { settingsEtag, withRevision, write } from '../write.ts'

export function addSettings(parent: Command, { io, client }: Context): void {
  const settings = parent.command('settings').summary('what counts for the whole installation')
  withOutput(settings.command('get', { isDefault: true }))
    .summary('all settings')
    .action(async ({ output }: { output: Format }) => {
      const { value } = await client().call('readSettings', {})
      print(io, output, value.settings, () => stringify(value.settings))
    })
  withRevision(settings.command('set'))
    .summary('change some of them')
    .argument('<name=value...>', 'such as modeResolution=strict or autoPromote.toMonitor=24; null is a value')
    .addHelpText('after', '\nExample:\n  postern settings set newGroupMode=monitor revealRule=true')
    .action(async (assignments: readonly string[], { revision }: { revision?: string }) => {
      const body = patchOf(assignments)
      const save = (ifMatch: string) => client().call('editSettings', { body, ifMatch })
      await write({ read: settingsEtag(client()), write: save, revision, retry: false })
    })
}

/** `a.b=1` is `{a: {b: 1}}`; values are YAML scalars. */
function patchOf(assignments: readonly string[]): Record<string, unknown> {
  const patch: Record<string, unknown> = {}
  for (const text of assignments) {
    const at = text.indexOf('=')
    if (at < 1) throw new InputError(`${text}: write it as name=value`)
    assign(patch, text.slice(0, at).split('.'), parse(text.slice(at + 1)))
  }
  return patch
}

function assign(into: Record<string, unknown>, [name, ...rest]: readonly string[], value: unknown): void {
  if (name === undefined) return
  if (rest.length === 0) into[name] = value
  else {
    const inner = (into[name] ?? {}) as Record<string, unknown>
    into[name] = inner
    assign(inner, rest, value)
  }
}
