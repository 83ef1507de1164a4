/** Clients: one request each, every byte under the test's control. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly complete: boolean
}

let count = 0
export const anId = (): string => `r${process.pid}-${++count}`

export type Request = {
  readonly method?: string
  readonly path?: string
  readonly version?: '1.0' | '1.1'
  readonly headers?: Readonly<Record<string, string>>
  /** With its length, or chunked where it comes in pieces. */
  readonly body?: string | Buffer | readonly (string | Buffer)[]
}

const chunk = (piece: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${Buffer.byteLength(piece).toString(16)}\r\n`), Buffer.from(piece), Buffer.from('\r\n')])

/** HTTP/1 on a connection of its own. */
export class Exchange {
  readonly id: string
  readonly socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #closed = false

  constructor(port: number, id = anId()) {
    this.id = id
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('error', () => {})
    this.socket.on('data', (data) => {
      this.#received = Buffer.concat([this.#received, data])
    })
    this.socket.on('close', () => {
      this.#closed = true
    })
  }

  get text(): string {
    return this.#received.toString('latin1')
  }

  head({ method = 'GET', path = '/', version = '1.1', headers = {} }: Request): this {
    const lines = Object.entries({ host: 'app', connection: 'close', 'x-id': this.id, ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    )
    this.socket.write(`${method} ${path} HTTP/${version}\r\n${lines.join('')}\r\n`, 'latin1')
    return this
  }

  write(bytes: string | Buffer): this {
    this.socket.write(bytes)
    return this
  }

  /** When what has come satisfies. */
  async until(satisfied: (text: string) => boolean): Promise<string> {
    while (!satisfied(this.text)) {
      if (this.#closed) throw new Error(`closed after ${JSON.stringify(this.text.slice(0, 500))}`)
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'close')])
    }
    return this.text
  }

  /** The whole answer, when the connection has closed. */
  async answer(): Promise<Answer> {
    if (!this.#closed) await once(this.socket, 'close')
    const raw = this.text.replace(/^HTTP\/1.1 100 .*?\r\n\r\n/s, '')
    const split = raw.indexOf('\r\n\r\n')
    const [first = '', ...lines] = raw.slice(0, Math.max(split, 0)).split('\r\n')
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
    )
    const content = raw.slice(split + 4)
    const chunked = headers['transfer-encoding'] === 'chunked'
    return {
      status: Number(first.split(' ')[1] ?? 0),
      headers,
      body: chunked ? unchunked(content) : content,
      complete: chunked
        ? content.includes('\r\n0\r\n') || content.startsWith('0\r\n')
        : content.length === Number(headers['content-length'] ?? content.length),
    }
  }

  close(): void {
    this.socket.destroy()
  }
}

function unchunked(text: string): string {
  let out = ''
  for (let rest = text; rest !== ''; ) {
    const end = rest.indexOf('\r\n')
    const size = Number.parseInt(rest.slice(0, end), 16)
    if (!size) break
    out += rest.slice(end + 2, end + 2 + size)
    rest = rest.slice(end + 4 + size)
  }
  return out
}

/** A whole request and its whole answer. */
export async function ask(port: number, request: Request): Promise<Answer & { readonly id: string }> {
  const exchange = new Exchange(port)
  const { body } = request
  const pieces = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? undefined : body
  const framing: Record<string, string> =
    body === undefined
      ? {}
      : pieces
        ? { 'transfer-encoding': 'chunked' }
        : { 'content-length': `${Buffer.byteLength(body as string)}` }
  exchange.head({
    method: body === undefined ? 'GET' : 'POST',
    ...request,
    headers: { ...framing, ...request.headers },
  })
  if (pieces) for (const piece of [...pieces, ''].map(chunk)) exchange.write(piece)
  else if (body !== undefined) exchange.write(body as string | Buffer)
  return { ...(await exchange.answer()), id: exchange.id }
}
