import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { defaultLabDir, defaultSocket, labSocket } from './socket.ts'

test('the socket that is said, else the lab that is said, else the one that is there', () => {
  const said = { POSTERN_SOCKET: '/tmp/x.sock', POSTERN_LAB_DIR: '/tmp/lab' }
  expect(defaultSocket(said)).toBe('/tmp/x.sock')
  expect(defaultSocket({ ...said, POSTERN_SOCKET: '' })).toBe('/tmp/lab/api.sock')
  const there = existsSync(labSocket(defaultLabDir)) ? '/run/postern-lab/api.sock' : '/run/postern/api.sock'
  expect(defaultSocket({})).toBe(there)
})
