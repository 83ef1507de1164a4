import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type LoadOptions, loadRules } from './load.ts'

const load = (text: string, options: LoadOptions = {}) =>
  loadRules([], { ...options, before: [{ file: 'a.conf', text }] })
const problems = (text: string) => {
  const loaded = load(text)
  return loaded.ok ? [] : loaded.problems.map(({ file, line, message }) => `${file}:${line}: ${message}`)
}
const rules = (text: string) => {
  const loaded = load(text)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.value.rules
}

describe('what is refused, each with its place', () => {
  test.each([
    ['SecNonsense On', 'a.conf:1: there is no directive SecNonsense'],
    ['# c\n\nSecRule NOWHERE "x" "id:1"', 'a.conf:3: there is no variable NOWHERE'],
    ['SecRule ARGS "@nope x" "id:1"', 'a.conf:1: there is no operator @nope'],
    ['SecRule ARGS "x" "id:1,t:rot13"', 'a.conf:1: there is no transformation rot13'],
    ['SecRule ARGS "x" "id:1,dance"', 'a.conf:1: there is no action dance'],
    ['SecRule ARGS "x" "id:1,ctl:moon=1"', 'a.conf:1: there is no ctl:moon'],
    ['SecRule ARGS "x" "id:1,phase:7"', 'a.conf:1: there is no phase 7'],
    ['SecRule ARGS "x" "id:1,skipAfter:END"', 'a.conf:1: there is no marker END below'],
    ['SecRule XML:/a/b "x" "id:1"', 'a.conf:1: XML knows /* and //@* only, not /a/b'],
    ['SecRule ARGS "x" "id:1,chain"', 'a.conf:1: the chain that begins here has no end'],
    ['SecRule ARGS "x', 'a.conf:1: a quotation mark is not closed'],
    ['SecAction "id:1"\nSecAction "id:1"', 'a.conf:2: there is a rule 1 already'],
  ])('%s', (text, problem) => expect(problems(text)).toEqual([problem]))

  test('a pattern that needs to look around', () => {
    expect(problems('SecRule ARGS "(?=x)y" "id:1"')).toEqual([expect.stringMatching(/^a\.conf:1: /)])
  })

  test('all of them at once, and a lenient load goes on with the rest', () => {
    const text = 'SecFoo On\nSecRule ARGS "@nope x" "id:1,skip:1"\nSecRule ARGS "x" "id:2,phase:2"'
    expect(problems(text)).toHaveLength(2)
    const loaded = load(text, { lenient: true })
    expect(loaded.ok && { ids: loaded.value.rules.map(({ id }) => id), skipped: loaded.skipped.length }).toEqual({
      ids: [2],
      skipped: 2,
    })
  })
})

test('a rule over several lines, with commas, quotation marks and escapes where people write them', () => {
  const [rule] = rules(`SecRule ARGS|!ARGS:/^p,w|d$/|&REQUEST_HEADERS:Host "@rx \\"quoted\\"" \\
    "id:7,\\
    phase:1,\\
    deny,status:406,\\
    msg:'it is, isn\\'t it',\\
    tag:'a',tag:'b/c',severity:'CRITICAL'"`)
  expect(rule).toMatchObject({
    id: 7,
    phase: 1,
    line: 1,
    disruption: 'deny',
    status: 406,
    message: { text: "it is, isn't it" },
    tags: ['a', 'b/c'],
    severity: 'CRITICAL',
  })
  const [{ targets }] = rule!.links
  expect(targets).toMatchObject({
    targets: [
      { collection: 'ARGS', count: false, selector: { kind: 'all' } },
      { collection: 'REQUEST_HEADERS', count: true, selector: { kind: 'key', key: 'host' } },
    ],
    exclusions: [{ collection: 'ARGS', selector: { kind: 'pattern', source: '^p,w|d$' } }],
  })
})

test('block is what SecDefaultAction of the phase says', () => {
  const text =
    'SecDefaultAction "phase:2,log,deny,status:418"\nSecRule ARGS "x" "id:1,phase:2,block"\nSecRule ARGS "x" "id:2,phase:1,block"'
  expect(rules(text).map(({ id, disruption, status }) => ({ id, disruption, status }))).toEqual([
    { id: 1, disruption: 'deny', status: 418 },
    { id: 2, disruption: 'pass', status: 403 },
  ])
})

test('later directives change and remove rules', () => {
  const found = rules(`
SecRule ARGS "x" "id:1,tag:'sql'"
SecRule ARGS "x" "id:2,tag:'sql',msg:'hello'"
SecRule ARGS "x" "id:30"
SecRule ARGS "x" "id:40"
SecRuleRemoveById 25-35
SecRuleRemoveByMsg hell
SecRuleUpdateTargetByTag sql "!ARGS:q"
SecRuleUpdateActionById 40 "deny,status:429"`)
  expect(found.map(({ id, disruption, status }) => ({ id, disruption, status }))).toEqual([
    { id: 1, disruption: 'pass', status: 403 },
    { id: 40, disruption: 'deny', status: 429 },
  ])
  expect(found[0]!.links[0].targets.exclusions).toMatchObject([{ collection: 'ARGS', selector: { key: 'q' } }])
})

describe('files', () => {
  let root = ''
  afterEach(() => rmSync(root, { recursive: true, force: true }))
  const files = (contents: Readonly<Record<string, string>>): string => {
    root = mkdtempSync(join(tmpdir(), 'postern-rules-'))
    for (const [name, content] of Object.entries(contents)) {
      mkdirSync(dirname(join(root, name)), { recursive: true })
      writeFileSync(join(root, name), content)
    }
    return root
  }

  test('a CRS directory: its set-up first, then its rules by name; examples stay out', () => {
    const path = files({
      'crs-setup.conf.example': 'SecAction "id:1"',
      'rules/B.conf': 'SecAction "id:3"',
      'rules/A.conf': 'SecAction "id:2"',
      'rules/C.conf.example': 'SecNonsense',
    })
    const loaded = loadRules([path])
    expect(loaded.ok && loaded.value.rules.map(({ id }) => id)).toEqual([1, 2, 3])
  })

  test('Include takes a pattern; a file that includes itself comes to an end', () => {
    const path = files({ 'a.conf': 'Include b*.conf', 'b1.conf': 'SecAction "id:1"', 'b2.conf': 'Include b2.conf' })
    const loaded = loadRules([join(path, 'a.conf')])
    expect(!loaded.ok && loaded.problems).toEqual([
      { file: join(path, 'b2.conf'), line: 1, message: 'more than 16 files include each other' },
    ])
  })

  test('what is not there is a problem', () => {
    expect(loadRules(['/nowhere'])).toMatchObject({ ok: false, problems: [{ file: '/nowhere', line: 0 }] })
  })
})
