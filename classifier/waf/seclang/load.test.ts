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

describe('a chain with a link that is not understood', () => {
  const text = `
SecRule ARGS "x" "id:1,phase:2,chain"
  SecRule ARGS "y" "chain"
    SecRule NOWHERE "z" "t:none,chain"
      SecRule ARGS "q" "t:none"
SecRule ARGS "x" "id:2,phase:2"`
  const idsOf = (options: LoadOptions) => {
    const loaded = load(text, options)
    return loaded.ok && { ids: loaded.value.rules.map(({ id }) => id), skipped: loaded.skipped }
  }
  const skipped = [{ file: 'a.conf', line: 4, message: 'there is no variable NOWHERE' }]

  test('is one problem, and goes as a whole; the rule below it stays', () => {
    expect(problems(text)).toEqual(['a.conf:4: there is no variable NOWHERE'])
    expect(idsOf({ lenient: true })).toEqual({ ids: [2], skipped })
  })

  test('can be dispensed with by its id, and only so', () => {
    expect(idsOf({ dispensable: new Set([1]) })).toEqual({ ids: [2], skipped })
    expect(idsOf({ dispensable: new Set([2]) })).toBe(false)
    const worse = load(`${text}\nSecFoo On`, { dispensable: new Set([1]) })
    expect(!worse.ok && worse.problems.map(({ line }) => line)).toEqual([4, 7])
  })
})

test('a rule that can be linked is not left out for being dispensable; one that can not is, strict or not', () => {
  const loaded = load('SecRule ARGS "x" "id:1"\nSecRule ARGS "@rbl x" "id:2"\nSecAction "id:3"', {
    dispensable: new Set([1, 2]),
  })
  expect(
    loaded.ok && { ids: loaded.value.rules.map(({ id }) => id), lines: loaded.skipped.map((s) => s.line) },
  ).toEqual({
    ids: [1, 3],
    lines: [2],
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

  test('Debian keeps what people edit elsewhere: set-up and exclusions are found from where the rules are', () => {
    const etc = 'etc/modsecurity/crs'
    const path = files({
      [`${etc}/crs-setup.conf`]: 'SecAction "id:1"',
      [`${etc}/REQUEST-900-EXCLUSION-RULES-BEFORE-CRS.conf`]: 'SecAction "id:2"',
      [`${etc}/RESPONSE-999-EXCLUSION-RULES-AFTER-CRS.conf`]: 'SecAction "id:5"',
      'usr/share/modsecurity-crs/rules/REQUEST-901-INITIALIZATION.conf': 'SecAction "id:3"',
      'usr/share/modsecurity-crs/rules/REQUEST-910.conf': 'SecAction "id:4"',
    })
    const loaded = loadRules([join(path, 'usr/share/modsecurity-crs')])
    expect(loaded.ok && loaded.value.rules.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5])
  })

  test('CRS without a set-up is a problem: it would refuse every request', () => {
    const path = files({ 'rules/REQUEST-901-INITIALIZATION.conf': 'SecAction "id:3"' })
    expect(loadRules([path])).toMatchObject({
      ok: false,
      problems: [{ file: path, message: expect.stringMatching(/^there is no crs-setup\.conf/) }],
    })
  })

  test('IncludeOptional passes over what is not there, whole folders too', () => {
    const path = files({
      'a.conf': 'IncludeOptional no/where.conf\nIncludeOptional none.conf\nIncludeOptional b*.conf',
      'b1.conf': 'SecAction "id:1"',
    })
    const loaded = loadRules([join(path, 'a.conf')])
    expect(loaded.ok && loaded.value.rules.map(({ id }) => id)).toEqual([1])
  })

  test('a text between files is read in its place', () => {
    const path = files({ 'a.conf': 'SecAction "id:1"', 'c.conf': 'SecAction "id:3"' })
    const between = { file: 'between', text: 'SecAction "id:2"' }
    const loaded = loadRules([join(path, 'a.conf'), between, join(path, 'c.conf')])
    expect(loaded.ok && loaded.value.rules.map(({ id, file }) => `${id} ${file === 'between'}`)).toEqual([
      '1 false',
      '2 true',
      '3 false',
    ])
  })

  test('what is not there is a problem', () => {
    expect(loadRules(['/nowhere'])).toMatchObject({ ok: false, problems: [{ file: '/nowhere', line: 0 }] })
  })
})
