import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aForm, anEngine, aRequest } from '../testdata/builders.ts'

const ids = (rules: string, request = aRequest()) => anEngine(rules).evaluate(request).ids

describe('variables', () => {
  test('keys are compared without case, exclusions and counts are kept', () => {
    const rules = `
SecRule ARGS:Q "@streq x" "id:1,phase:1"
SecRule ARGS|!ARGS:q "@streq x" "id:2,phase:1"
SecRule &ARGS "@eq 2" "id:3,phase:1"
SecRule ARGS_NAMES:/^q/ "@streq q" "id:4,phase:1"
SecRule &REQUEST_HEADERS:Cookie "@eq 0" "id:5,phase:1"`
    expect(ids(rules, aRequest({ uri: '/?q=x&r=y' }))).toEqual([1, 3, 4, 5])
  })

  test('a path is decoded, a query is not', () => {
    const rules = `
SecRule REQUEST_FILENAME "@streq /a b/c" "id:1,phase:1"
SecRule REQUEST_BASENAME "@streq c" "id:2,phase:1"
SecRule QUERY_STRING "@streq d=%20" "id:3,phase:1"
SecRule REQUEST_URI "@streq /a%20b/c?d=%20" "id:4,phase:1"
SecRule REQUEST_URI_RAW "@beginsWith http:" "id:5,phase:1"`
    expect(ids(rules, aRequest({ uri: 'http://shop/a%20b/c?d=%20#e' }))).toEqual([1, 2, 3, 5])
  })

  test('cookies', () => {
    const rules = 'SecRule REQUEST_COOKIES:b "@streq 2=3" "id:1,phase:1"'
    expect(ids(rules, aRequest({ headers: [['Cookie', 'a=1; b=2=3']] }))).toEqual([1])
  })
})

describe('chains', () => {
  const chain = `
SecRule ARGS:a "@rx ^(.)(.)" "id:1,phase:1,capture,chain,setvar:tx.seen=+1,msg:'%{TX.1} after %{TX.2} in %{MATCHED_VAR_NAME}'"
  SecRule ARGS:b "@streq %{TX.2}" "setvar:tx.score=+5"
SecRule TX:seen "@eq 1" "id:2,phase:1"
SecRule TX:score "@eq 5" "id:3,phase:1"`

  test('all links must match; what the first one set stays set', () => {
    const engine = anEngine(chain)
    expect(engine.evaluate(aRequest({ uri: '/?a=xy&b=y' }))).toMatchObject({ ids: [1, 2, 3] })
    expect(engine.evaluate(aRequest({ uri: '/?a=xy&b=z' }))).toMatchObject({ ids: [2] })
  })

  test('the message is filled in when the chain is through', () => {
    const [match] = anEngine(chain).evaluate(aRequest({ uri: '/?a=xy&b=y' })).matches
    expect(match).toMatchObject({ message: 'x after y in ARGS:b', variable: 'ARGS:b' })
  })

  test('MATCHED_VARS is what the chain has matched so far', () => {
    const rules = `
SecRule ARGS "@rx \\d" "id:1,phase:1,chain"
  SecRule MATCHED_VARS "@streq 42" "t:none"`
    expect(ids(rules, aRequest({ uri: '/?a=1&b=42&c=x' }))).toEqual([1])
    expect(ids(rules, aRequest({ uri: '/?a=1&b=x42' }))).toEqual([])
  })
})

test('a rule acts once for each value that matches', () => {
  const rules = `
SecRule ARGS "@contains x" "id:1,phase:1,nolog,setvar:tx.n=+2,setvar:tx.n_%{MATCHED_VAR_NAME}=1"
SecRule TX:n "@eq 4" "id:2,phase:1"
SecRule &TX:/^n_args:/ "@eq 2" "id:3,phase:1"
SecRule TX:n "@eq 4" "id:4,phase:1,nolog,setvar:!tx.n"
SecRule &TX:n "@eq 0" "id:5,phase:1"`
  expect(ids(rules, aRequest({ uri: '/?a=x&b=ax&c=y' }))).toEqual([2, 3, 5])
})

test('multiMatch looks at every stage of the transformations', () => {
  const rules = `
SecRule ARGS "@streq A" "id:1,phase:1,t:none,t:lowercase,t:urlDecodeUni"
SecRule ARGS "@streq A" "id:2,phase:1,t:none,t:lowercase,t:urlDecodeUni,multiMatch"`
  expect(ids(rules, aRequest({ uri: '/?a=A' }))).toEqual([2])
})

test('skipAfter jumps to a marker, in the phase of the rule only', () => {
  const rules = `
SecRule ARGS "x" "id:1,phase:1,nolog,skipAfter:END"
SecAction "id:2,phase:1"
SecAction "id:3,phase:2"
SecMarker END
SecAction "id:4,phase:1"`
  expect(ids(rules, aRequest({ uri: '/?a=x' }))).toEqual([4, 3])
})

describe('ctl', () => {
  test('takes rules and targets away, for this transaction', () => {
    const engine = anEngine(`
SecRule REQUEST_URI "@beginsWith /trusted" "id:1,phase:1,nolog,ctl:ruleRemoveById=2-3,ctl:ruleRemoveTargetByTag=sql;ARGS:q"
SecRule ARGS "x" "id:2,phase:1"
SecRule ARGS "x" "id:4,phase:1,tag:'attack-sql'"`)
    expect(engine.evaluate(aRequest({ uri: '/trusted?q=x' })).ids).toEqual([])
    expect(engine.evaluate(aRequest({ uri: '/trusted?r=x' })).ids).toEqual([4])
    expect(engine.evaluate(aRequest({ uri: '/?q=x' })).ids).toEqual([2, 4])
  })

  test('a body processor', () => {
    const rules = `
SecAction "id:1,phase:1,nolog,ctl:requestBodyProcessor=URLENCODED"
SecRule ARGS_POST:a "@streq 1" "id:2,phase:2"`
    expect(ids(rules, aRequest({ method: 'POST', body: 'a=1' }))).toEqual([2])
  })

  test('a rule that asks for the body in phase 2 lets the rules below see it', () => {
    const rules = `
SecAction "id:1,phase:2,nolog,ctl:forceRequestBodyVariable=On"
SecRule REQUEST_BODY "@streq hello" "id:2,phase:2"`
    expect(ids(rules, aRequest({ method: 'POST', body: 'hello' }))).toEqual([2])
  })
})

describe('the end of a transaction', () => {
  const rules = `
SecRule ARGS "x" "id:1,phase:1,deny,status:406"
SecAction "id:2,phase:1"
SecAction "id:3,phase:2"
SecAction "id:4,phase:5"`
  const bad = aRequest({ uri: '/?a=x' })

  test('a denial ends it, logging still runs', () => {
    expect(anEngine(rules).evaluate(bad)).toMatchObject({ ids: [1, 4], blocked: { id: 1, phase: 1, status: 406 } })
  })

  test('DetectionOnly says what it sees and ends nothing', () => {
    expect(anEngine(`SecRuleEngine DetectionOnly${rules}`).evaluate(bad)).toMatchObject({
      ids: [1, 2, 3, 4],
      blocked: undefined,
    })
  })

  test('Off sees nothing', () => expect(anEngine(`SecRuleEngine Off${rules}`).evaluate(bad).ids).toEqual([]))

  test.each([
    ['allow', [1, 5]],
    ['allow:request', [1, 4, 5]],
    ['allow:phase', [1, 3, 4, 5]],
  ])('%s', (action, expected) => {
    const engine = anEngine(`
SecAction "id:1,phase:1,${action}"
SecAction "id:2,phase:1"
SecAction "id:3,phase:2"
SecAction "id:4,phase:3"
SecAction "id:5,phase:5"`)
    expect(engine.evaluate(aRequest(), { status: 200, headers: [], body: '' }).ids).toEqual(expected)
  })
})

test('a score as CRS keeps it', () => {
  const rules = `
SecRule ARGS "@rx a" "id:1,phase:2,pass,setvar:tx.score=+%{tx.critical}"
SecAction "id:2,phase:2,nolog,pass,setvar:tx.blocking_inbound_anomaly_score=%{tx.score}"
SecRule TX:BLOCKING_INBOUND_ANOMALY_SCORE "@ge 5" "id:3,phase:2,deny,msg:'score %{tx.score}'"`
  const engine = anEngine(`SecAction "id:9,phase:1,nolog,setvar:tx.critical=5"${rules}`)
  expect(engine.evaluate(aForm('p=a&q=aa'))).toMatchObject({ ids: [1, 3], score: 10, blocked: { id: 3 } })
  expect(engine.evaluate(aForm('p=b'))).toMatchObject({ ids: [], score: 0, blocked: undefined })
})

describe('responses', () => {
  const rules =
    'SecRule RESPONSE_BODY "@contains secret" "id:1,phase:4,deny"\nSecRule RESPONSE_STATUS "@streq 500" "id:2,phase:3"'

  test('bodies of the listed types are read, others are not', () => {
    const engine = anEngine(rules)
    const answer = (type: string) => ({ status: 500, headers: [['content-type', type]] as const, body: 'a secret' })
    expect(engine.evaluate(aRequest(), answer('text/html; charset=utf-8')).ids).toEqual([2, 1])
    expect(engine.evaluate(aRequest(), answer('image/png')).ids).toEqual([2])
  })
})

test('a body that can not be read is denied, and what could be read is judged', () => {
  const json = aRequest({ method: 'POST', headers: [['content-type', 'application/json']], body: '{"a":' })
  expect(anEngine('').evaluate(json)).toMatchObject({
    blocked: { id: 200002, status: 400 },
    partial: expect.stringMatching(/^JSON: /),
  })
})

test('foresight changes nothing but the time', () => {
  const rules = `
SecRule ARGS|ARGS_NAMES "@rx (?i)sel|un.on" "id:1,phase:1,t:none,t:urlDecodeUni,setvar:tx.n=+1"
SecRule ARGS|!ARGS:b "@contains <" "id:2,phase:2,t:none,t:urlDecodeUni,t:htmlEntityDecode,chain"
  SecRule ARGS "@rx >" "setvar:tx.n=+1"
SecRule REQUEST_HEADERS:/^x-/ "!@rx ^[a-z]*$" "id:3,phase:1"
SecRule ARGS "@streq ab" "id:4,phase:2,t:none,t:lowercase,t:removeWhitespace,multiMatch"
SecRule TX:n "@ge 2" "id:5,phase:2,ctl:ruleRemoveTargetById=6;ARGS:a"
SecRule ARGS "@within select union" "id:6,phase:2"`
  const [fast, slow] = [anEngine(rules), anEngine(rules, { foresight: false })]
  const word = fc.constantFrom('select', 'UNION', '<', '%3e', '&lt;', 'a b', 'AB', '', 'a', '7', '>')
  const pair = fc.tuple(fc.constantFrom('a', 'b', 'sel', 'c'), fc.array(word, { maxLength: 3 }))
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 4 }), word, (pairs, header) => {
      const body = pairs.map(([name, words]) => `${name}=${words.join('')}`).join('&')
      const request = { ...aForm(body), uri: `/?${body}`, headers: [...aForm('').headers, ['X-A', header] as const] }
      expect(fast.evaluate(request)).toEqual(slow.evaluate(request))
    }),
    { numRuns: 500 },
  )
})
