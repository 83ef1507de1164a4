import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileRegex } from '../rx/regex.ts'
import { Screen } from './screen.ts'

const patterns = [
  '(?i)union.{1,9}select',
  '<script|onload=',
  '^[a-f]+;',
  '\\$\\{jndi:',
  '(?:sleep|benchmark)\\s*\\(',
  '[0-9]{3}',
  'a?',
]
const regexes = patterns.map((pattern) => compileRegex(pattern))

function aScreen() {
  const screen = new Screen()
  const tickets = regexes.map(({ requirement }) => screen.add(requirement))
  screen.build()
  const all = screen.bits(tickets)
  const admitted = (text: string): readonly string[] => {
    const found: string[] = []
    screen.admitted(all, text, (ticket) => found.push(patterns[tickets.indexOf(ticket)]!))
    return found
  }
  return { screen, admitted }
}

test('a text is asked only what it could answer to', () => {
  const { admitted } = aScreen()
  expect(admitted('id=x UNION all SELECT x')).toEqual(['(?i)union.{1,9}select', 'a?'])
  expect(admitted('blue socks')).toEqual(['a?'])
  expect(admitted('$\x7bjndi:ldap}')).toContain('\\$\\{jndi:')
})

test('whatever matches is admitted', () => {
  const piece = fc.constantFrom(
    'union',
    'SELECT',
    ' ',
    '<script',
    'onload=',
    'abc;',
    '$\x7bjndi:',
    'sleep',
    '(',
    '123',
    'x',
    '\xff',
  )
  const { screen, admitted } = aScreen()
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('')
      const matching = patterns.filter((_, at) => regexes[at]!.test(text))
      expect(admitted(text)).toEqual(expect.arrayContaining(matching))
      screen.forget()
    }),
    { numRuns: 2000 },
  )
})
