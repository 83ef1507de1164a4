import { expect, test } from 'vitest'
import { aForm, anEngine, aRequest } from '../testdata/builders.ts'

const engine = anEngine(`
SecRule ARGS "@contains attack" "id:1,phase:2,deny,status:406"
SecRule ARGS "@contains odd" "id:2,phase:2,pass,setvar:tx.odd=1"
SecRule TX:odd "@eq 1" "id:3,phase:3,chain,deny"
  SecRule RESPONSE_STATUS "@streq 500"
SecRule RESPONSE_BODY "@contains secret" "id:4,phase:4,deny"
SecAction "id:5,phase:5"`)
const page = (status: number, body: string) => ({ status, headers: [['Content-Type', 'text/html']] as const, body })

test('a response is judged with what its request left', () => {
  const inspection = engine.begin(aForm('p=odd'))
  expect(inspection.outcome).toMatchObject({ ids: [2], blocked: undefined })
  expect(inspection.respond(page(500, ''))).toMatchObject({ ids: [2, 3, 5], blocked: { id: 3, phase: 3 } })
})

test('requests on their way do not see each other', () => {
  const [odd, plain] = [engine.begin(aForm('p=odd')), engine.begin(aForm('p=even'))]
  expect(plain.respond(page(500, 'a secret'))).toMatchObject({ ids: [4, 5], blocked: { id: 4 } })
  expect(odd.respond(page(200, 'a page'))).toMatchObject({ ids: [2, 5], blocked: undefined })
})

test('a blocked request has no response; its end is logged once', () => {
  const inspection = engine.begin(aForm('p=attack'))
  expect(inspection.outcome).toMatchObject({ ids: [1], blocked: { id: 1, status: 406 } })
  const over = inspection.respond(page(200, 'a secret'))
  expect(over).toMatchObject({ ids: [1, 5], blocked: { id: 1 } })
  expect([inspection.end(), inspection.respond(page(500, 'a secret'))]).toEqual([over, over])
})

test('an outcome is of the moment when it was asked for', () => {
  const inspection = engine.begin(aRequest())
  const before = inspection.outcome
  inspection.end()
  expect([before.matches, inspection.outcome.ids]).toEqual([[], [5]])
})
