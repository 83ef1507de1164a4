import { describe, expect, test } from 'vitest'
import { applications } from '../../xds-server/policy/applications.ts'
import { isRequestName } from '../../xds-server/policy/request-names.ts'
import { setWindow } from './bytes.ts'
import { applicationCount, nameOf, UNDECIDED } from './names.ts'
import { classifyClient, classifyClientAfter220, classifyServer, isBare220 } from './signatures.ts'
import { type Sample, samples } from './testdata/samples.ts'

function judge(sample: Sample, bytes: Uint8Array, end: boolean): string {
  setWindow(bytes)
  const answer =
    sample.side === 'client' ? classifyClient(end || bytes.length >= 4096) : classifyServer(end || bytes.length >= 4096)
  return answer === UNDECIDED ? 'undecided' : nameOf(answer)
}

describe('the first bytes of a connection', () => {
  for (const sample of samples) {
    test(`${sample.side}: ${sample.application}: ${sample.what}`, () => {
      expect(judge(sample, sample.bytes, true)).toBe(sample.application)
    })
  }

  test('whole first messages are named without waiting for more', () => {
    const waiting = samples.filter((s) => s.application !== 'unknown' && judge(s, s.bytes, false) !== s.application)
    // four bytes that could still become a MySQL error of 544 bytes
    expect(waiting.map((s) => `${s.side}: ${s.application}: ${s.what}`)).toEqual(['server: mqtt: CONNACK'])
  })

  test('while a beginning is there the answer is undecided or right, never something else', () => {
    const wrong = samples.flatMap((s) =>
      Array.from({ length: Math.min(s.bytes.length, 4095) }, (_, n) => s.bytes.subarray(0, n)).flatMap((prefix) => {
        const answer = judge(s, prefix, false)
        return answer === 'undecided' || answer === s.application
          ? []
          : [`${s.side}: ${s.application}: ${s.what}: ${prefix.length} bytes: ${answer}`]
      }),
    )
    expect(wrong).toEqual([])
  })
})

describe('a greeting of 220 that says no more', () => {
  const said = (command: string): string => {
    setWindow(Buffer.from(command))
    return nameOf(classifyClientAfter220(true))
  }

  test('leaves it to the client', () => {
    setWindow(Buffer.from('220 Welcome\r\n'))
    expect(isBare220()).toBe(true)
    expect([said('USER bob\r\n'), said('EHLO me\r\n'), said('GET / HTTP/1.1\r\n'), said('hello\r\n')]).toEqual([
      'ftp',
      'smtp',
      'http',
      'unknown',
    ])
  })

  test('is not one where the server names itself', () => {
    for (const greeting of ['220 (vsFTPd 3.0.3)\r\n', '220 a ESMTP\r\n', '221 bye\r\n', '220 not a whole line']) {
      setWindow(Buffer.from(greeting))
      expect(isBare220()).toBe(false)
    }
  })
})

test('the names are those that rules use', () => {
  const names = Array.from({ length: applicationCount }, (_, n) => nameOf(n))
  expect([...names].sort()).toEqual(
    Object.keys(applications)
      .filter((name) => name !== 'grpc' && !isRequestName(name))
      .sort(),
  )
})
