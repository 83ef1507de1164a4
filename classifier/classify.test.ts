import { expect, test } from 'vitest'
import { classify } from './classify.ts'
import { samples } from './protocol/testdata/samples.ts'

const text = (latin1: string): Uint8Array => Buffer.from(latin1, 'latin1')
const what = (client: string, server: string, end = true): object => classify(text(client), text(server), end)
const sample = (name: string): Uint8Array => samples.find((s) => s.what === name)!.bytes

test('the client tells, the server tells, nobody does', () => {
  expect(what('GET / HTTP/1.1\r\n\r\n', '')).toEqual({
    application: 'http',
    confidence: 'certain',
    decidedBy: 'client',
  })
  expect(what('', '* OK ready\r\n')).toEqual({ application: 'imap', confidence: 'certain', decidedBy: 'server' })
  expect(what('\xff\xff\xff', '\xfe\xfe')).toEqual({ application: 'unknown', confidence: 'none', decidedBy: 'client' })
})

test('what only holds if nothing follows is likely; while more may come it is not said', () => {
  const beginning = sample('TLS 1.2 hello').subarray(0, 80)
  expect(classify(beginning, text(''), true)).toEqual({ application: 'tls', confidence: 'likely', decidedBy: 'client' })
  expect(classify(beginning, text(''), false)).toEqual({
    application: 'unknown',
    confidence: 'none',
    decidedBy: 'client',
  })
})

test('where the two disagree, the one that speaks first is believed, and only likely', () => {
  expect(what('GET / HTTP/1.1\r\n\r\n', 'SSH-2.0-OpenSSH_9.2\r\n')).toEqual({
    application: 'ssh',
    confidence: 'likely',
    decidedBy: 'server',
  })
  expect(classify(sample('TLS 1.2 hello'), text('HTTP/1.1 400 Bad Request\r\n\r\n'), true)).toMatchObject({
    application: 'tls',
    confidence: 'likely',
    decidedBy: 'client',
  })
  expect(what('*1\r\n$4\r\nPING\r\n', '+PONG\r\n')).toMatchObject({ application: 'redis', confidence: 'certain' })
})

test('a bare 220 is told by the command that follows', () => {
  expect(what('USER bob\r\n', '220 Welcome\r\n')).toMatchObject({ application: 'ftp', decidedBy: 'client' })
  expect(what('HELO me\r\n', '220 mail.example.com\r\n')).toMatchObject({ application: 'smtp', decidedBy: 'client' })
  expect(what('USER bob\r\n', '+OK ready\r\n')).toMatchObject({ application: 'pop3', decidedBy: 'server' })
  expect(what('USER bob\r\n', '')).toMatchObject({ application: 'unknown' })
})

test('TLS tells the name it asked for; a hello that is cut or has none does not', () => {
  expect(classify(sample('TLS 1.2 hello'), text(''), true)).toHaveProperty('serverName', 'yelb.example')
  expect(classify(sample('TLS 1.3 hello without a name'), text(''), true)).not.toHaveProperty('serverName')
  expect(classify(sample('TLS 1.2 hello').subarray(0, 90), text(''), true)).not.toHaveProperty('serverName')
})

test('TLS records without a beginning are likely TLS', () => {
  const record = `\x17\x03\x03\x00\x20${'x'.repeat(32)}`
  expect(what(record, record + record)).toEqual({ application: 'tls', confidence: 'likely', decidedBy: 'client' })
  expect(what(record, 'hello')).toMatchObject({ application: 'unknown' })
  expect(what(`${record}y`, '')).toMatchObject({ application: 'unknown' })
})

test('gRPC shows in the content type, plain or in Huffman code', () => {
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'
  const huffman = '\x5f\x8b\x1d\x75\xd0\x62\x0d\x26\x3d\x4c\x4d\x65\x64'
  expect(what(`${preface}\0\0\x0d\x01\x04\0\0\0\x01${huffman}`, '')).toMatchObject({ application: 'grpc' })
  expect(what(`${preface}\x10application/grpc`, '')).toMatchObject({ application: 'grpc' })
  expect(what(preface, '')).toMatchObject({ application: 'http2' })
})
