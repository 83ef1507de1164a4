import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Base64Finder } from './base64.ts'

/** What is handed on of each run, and at which offsets. */
function runsIn(text: string, cuts: readonly number[] = []): readonly string[] {
  const bytes = Buffer.from(text, 'latin1')
  const runs: string[] = []
  const finder = new Base64Finder({
    begin: () => runs.push(''),
    data: (piece, offset) => {
      expect(piece.toString('latin1')).toBe(text.slice(offset, offset + piece.length))
      runs[runs.length - 1] += piece.toString('latin1')
    },
    end: () => {
      runs[runs.length - 1] += '.'
    },
  })
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  for (const [i, end] of places.slice(1).entries()) {
    finder.push(bytes.subarray(places[i], end))
    expect(finder.pending).toBeLessThanOrEqual(end)
  }
  finder.finish()
  return runs
}

/** The same as plain string code. */
function runsSlowly(text: string): readonly string[] {
  const runs: string[] = []
  const word = /[A-Za-z0-9+/_-]+/y
  for (let i = 0; i < text.length; ) {
    word.lastIndex = i
    const first = word.exec(text)?.[0]
    if (first === undefined) {
      i++
      continue
    }
    i += first.length
    const head = first.slice(0, 24)
    if (head.length < 24 || !/[a-z]/.test(head) || !/[A-Z]/.test(head)) continue
    let run = first
    let line = first
    for (
      let more = /^\r?\n(?=[A-Za-z0-9+/_-])/.exec(text.slice(i));
      line.length % 4 === 0 && more;
      more = /^\r?\n(?=[A-Za-z0-9+/_-])/.exec(text.slice(i))
    ) {
      i += more[0].length
      word.lastIndex = i
      line = word.exec(text)![0]
      run += line
      i += line.length
    }
    runs.push(`${run}.`)
  }
  return runs
}

const letters = fc.string({ unit: fc.constantFrom(...'aZ0+_'), minLength: 0, maxLength: 60 })
const word = fc.oneof(
  letters,
  letters.map((s) => s.slice(0, s.length - (s.length % 4))),
  fc.constantFrom('a'.repeat(30), 'A1'.repeat(16), 'x'.repeat(11) + 'Y'.repeat(13), 'x'.repeat(24), 'Ab1/'.repeat(30)),
)
const between = fc.constantFrom('\n', '\r\n', ' ', '=', '==', '"', '\r', '\n\n', '')
const text = fc.array(fc.tuple(word, between), { maxLength: 8 }).map((list) => list.flat().join(''))

test('the runs that plain code finds, wherever the text is cut', () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat({ max: 1000 }), { maxLength: 5 }), (subject, cuts) => {
      expect(runsIn(subject, cuts)).toEqual(runsSlowly(subject))
    }),
    { numRuns: 3000 },
  )
})
