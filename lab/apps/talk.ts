/**
 * A client that does as it is told, one JSON line at a time, and says what happened, so that a story can open a
 * connection now and use it after an edit. Plain TCP only: HTTP is what the teller writes into it.
 *
 *   in:  {"open": "a", "host": "10.0.0.1", "port": 80, "from": "192.168.120.100"?}  {"send": "a", "text": "…"}  {"close": "a"}
 *   out: {"connection": "a", "event": "open" | "data" | "end" | "error", "text"?: "…"}
 *
 * Ends when its input does.
 */
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

type Order = {
  readonly open?: string
  readonly host?: string
  readonly port?: number
  readonly from?: string
  readonly send?: string
  readonly text?: string
  readonly close?: string
}

/** Of one chunk of an answer; enough to recognise it. */
const maxTextBytes = 4096
const sockets = new Map<string, Socket>()

function say(connection: string, event: 'open' | 'data' | 'end' | 'error', text?: string): void {
  process.stdout.write(`${JSON.stringify({ connection, event, ...(text === undefined ? {} : { text }) })}\n`)
}

function open(name: string, order: Order): void {
  const socket = connect({
    host: order.host ?? '127.0.0.1',
    port: order.port ?? 0,
    ...(order.from === undefined ? {} : { localAddress: order.from }),
  })
  sockets.set(name, socket)
  socket.setNoDelay(true)
  socket.on('connect', () => say(name, 'open'))
  socket.on('data', (data) => say(name, 'data', data.subarray(0, maxTextBytes).toString('latin1')))
  socket.on('error', (error) => say(name, 'error', (error as NodeJS.ErrnoException).code ?? error.message))
  socket.on('end', () => say(name, 'end'))
}

function obey(order: Order): void {
  if (order.open !== undefined) open(order.open, order)
  if (order.send !== undefined) sockets.get(order.send)?.write(order.text ?? '', 'latin1')
  if (order.close !== undefined) sockets.get(order.close)?.destroy()
}

createInterface({ input: process.stdin })
  .on('line', (line) => obey(JSON.parse(line) as Order))
  .on('close', () => process.exit(0))
