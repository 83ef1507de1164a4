import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maxUdpBytes, readQuery, recordTypes, responseCodes, writeAnswer } from './dns-message.ts'
import { answerTo, type Zone } from './dns-zone.ts'

const zone: Zone = {
  zones: ['cluster.local', 'partner.test'],
  names: {
    'ui.yelb.svc.cluster.local': ['10.244.77.11', 'fd77:77::11', '10.244.77.12'],
    'api.partner.test': ['192.168.120.150'],
    'many.partner.test': Array.from({ length: 40 }, (_, at) => `192.168.120.${at + 1}`),
  },
}

/** A query as a resolver sends it: recursion desired, one question. */
function aQuery(name: string, type: number, id = 7): Buffer {
  const labels = name.split('.').map((label) => String.fromCharCode(label.length) + label)
  const tail = Buffer.from([0, 0, 0, 0, 1])
  tail.writeUInt16BE(type, 1)
  return Buffer.concat([
    Buffer.from([0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    Buffer.from(labels.join(''), 'latin1'),
    tail,
  ])
}

function ask(name: string, type: number, turn = 0) {
  const received = readQuery(aQuery(name, type))
  if (received.kind !== 'query') throw new Error(received.kind)
  return answerTo(received.query, zone, turn)
}

describe('answers', () => {
  test('addresses of the family asked for, the first one moving on', () => {
    expect(ask('UI.yelb.svc.cluster.local', recordTypes.a, 0).addresses).toEqual(['10.244.77.11', '10.244.77.12'])
    expect(ask('ui.yelb.svc.cluster.local', recordTypes.a, 1).addresses).toEqual(['10.244.77.12', '10.244.77.11'])
    expect(ask('ui.yelb.svc.cluster.local', recordTypes.aaaa).addresses).toEqual(['fd77:77::11'])
  })

  test('no such name, no such record, a name with names below it, and a zone that is not ours', () => {
    expect(ask('db.yelb.svc.cluster.local', recordTypes.a)).toMatchObject({ code: 'noSuchName', zone: 'cluster.local' })
    expect(ask('api.partner.test', recordTypes.aaaa)).toEqual({ code: 'ok', addresses: [], zone: 'partner.test' })
    expect(ask('yelb.svc.cluster.local', recordTypes.a)).toMatchObject({ code: 'ok', addresses: [] })
    expect(ask('example.com', recordTypes.a)).toEqual({ code: 'refused', addresses: [] })
    expect(ask('notpartner.test', recordTypes.a)).toEqual({ code: 'refused', addresses: [] })
  })
})

describe('bytes', () => {
  test('an answer on the wire', () => {
    const received = readQuery(aQuery('api.partner.test', recordTypes.a, 9))
    if (received.kind !== 'query') throw new Error(received.kind)
    const wire = writeAnswer(received.query, { code: 'ok', addresses: ['192.168.120.150', 'fd78::150'] }, 512)
    const question = '03617069' + '07706172746e6572' + '0474657374' + '00' + '00010001'
    const a = 'c00c' + '0001' + '0001' + '00000002' + '0004' + 'c0a87896'
    const aaaa = 'c00c' + '001c' + '0001' + '00000002' + '0010' + 'fd780000000000000000000000000150'
    expect(wire.toString('hex')).toBe(`0009${'8500'}${'0001'}${'0002'}${'0000'}${'0000'}${question}${a}${aaaa}`)
  })

  test('what does not fit is cut, and says so', () => {
    const received = readQuery(aQuery('many.partner.test', recordTypes.a))
    if (received.kind !== 'query') throw new Error(received.kind)
    const answer = answerTo(received.query, zone, 0)
    const cut = writeAnswer(received.query, answer, maxUdpBytes)
    expect({ truncated: (cut[2]! & 2) !== 0, answers: cut.readUInt16BE(6) }).toEqual({ truncated: true, answers: 0 })
    expect(writeAnswer(received.query, answer, 65_535).readUInt16BE(6)).toBe(40)
  })

  test('a response is never answered, a broken query is', () => {
    const response = aQuery('api.partner.test', 1)
    response[2] = 0x81
    expect(readQuery(response)).toEqual({ kind: 'ignore' })
    expect(readQuery(aQuery('api.partner.test', 1).subarray(0, 20))).toEqual({
      kind: 'bad',
      id: 7,
      code: 'formatError',
    })
    const update = aQuery('api.partner.test', 1)
    update[2] = 0x28
    expect(readQuery(update)).toEqual({ kind: 'bad', id: 7, code: 'notImplemented' })
  })

  test('any bytes are read without an exception, and what was read can be answered', () => {
    const anyMessage = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc.uint8Array({ maxLength: 300 }).map((rest) => Uint8Array.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...rest])),
    )
    fc.assert(
      fc.property(anyMessage, (bytes) => {
        const received = readQuery(Buffer.from(bytes))
        if (received.kind !== 'query') return
        const wire = writeAnswer(received.query, answerTo(received.query, zone, 0), maxUdpBytes)
        expect(wire.readUInt16BE(0)).toBe(received.query.id)
        expect(wire.length).toBeLessThanOrEqual(maxUdpBytes)
        expect(Object.values(responseCodes)).toContain(wire[3]! & 15)
      }),
    )
  })

  test('every name that can be written is read back', () => {
    const label = fc.stringMatching(/^[a-z0-9_-]{1,63}$/)
    const name = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'))
    fc.assert(
      fc.property(name, fc.integer({ min: 0, max: 65_535 }), (text, type) => {
        expect(readQuery(aQuery(text, type))).toMatchObject({ kind: 'query', query: { name: text, type, class: 1 } })
      }),
    )
  })
})
