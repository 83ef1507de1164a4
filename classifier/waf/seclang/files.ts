/** Which files a path stands for: a file, a folder of `.conf` files, or a Core Rule Set in one of the layouts it is shipped in. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** In the order in which they are read; settings of whoever loads them belong between `setup` and `rules`. */
export type RuleFiles = { readonly setup: readonly string[]; readonly rules: readonly string[] }

/** Throws an Error that says what is wrong. */
export function ruleFilesOf(path: string): RuleFiles {
  if (!statSync(path).isDirectory()) return { setup: [], rules: [path] }
  const setup = setupIn(path)
  const own = confIn(path).filter((file) => file !== setup)
  const rules = existsSync(join(path, 'rules')) ? confIn(join(path, 'rules')) : []
  if (setup === undefined && needsSetup(rules)) return debian(path, [...own, ...rules])
  if (setup === undefined && own.length + rules.length === 0) throw new Error('there is no .conf file in it')
  return { setup: setup === undefined ? [] : [setup], rules: [...own, ...rules] }
}

const confIn = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.conf'))
    .sort()
    .map((name) => join(folder, name))

const setupIn = (folder: string): string | undefined =>
  ['crs-setup.conf', 'crs-setup.conf.example'].map((name) => join(folder, name)).find((file) => existsSync(file))

/** CRS's first rule refuses every request where its set-up was not read. */
const needsSetup = (rules: readonly string[]): boolean =>
  rules.some((file) => basename(file) === 'REQUEST-901-INITIALIZATION.conf')

/**
 * Debian's package modsecurity-crs: rules in /usr/share/modsecurity-crs, what people edit in /etc/modsecurity/crs. Its
 * `owasp-crs.load` names both by absolute paths; from where the rules are the other folder is found wherever the two stand.
 */
function debian(path: string, rules: readonly string[]): RuleFiles {
  const etc = resolve(path, '../../../etc/modsecurity/crs')
  const edited = existsSync(etc) ? confIn(etc) : []
  const setup = setupIn(etc)
  if (setup === undefined) throw new Error(`there is no crs-setup.conf, neither in it nor in ${etc}`)
  const isLast = (file: string): boolean => /^RESPONSE-999/.test(basename(file))
  const before = edited.filter((file) => file !== setup && !isLast(file))
  return { setup: [setup, ...before], rules: [...rules, ...edited.filter(isLast)] }
}

/** Files that an Include names: `*` in the last part of the path only. */
export function globbed(path: string): readonly string[] {
  if (!path.includes('*')) return [path]
  const pattern = new RegExp(`^${basename(path).split('*').map(RegExp.escape).join('.*')}$`)
  return readdirSync(dirname(path))
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(dirname(path), name))
}
