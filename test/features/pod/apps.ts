/**
 * The apps of the pod under test, as one process. Arguments: `<port>=<app>`. Each thing that reaches one of them is a
 * JSON line on stdout, so that a test can say that something did not.
 */
import { createServer as createHttp } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'
import { createServer, type Socket } from 'node:net'

const say = (port: number, event: string, text = ''): void => {
  process.stdout.write(`${JSON.stringify({ port, event, text })}\n`)
}

/** Answers Redis with a PONG, HTTP with a page, anything else with itself. */
function anything(socket: Socket, port: number): void {
  socket.on('data', (data) => {
    const text = data.toString('latin1')
    say(port, 'data', text)
    if (text.startsWith('*')) socket.write('+PONG\r\n')
    else if (/^[A-Z]+ \S+ HTTP/.test(text)) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n')
    else socket.write(data)
  })
}

function tcp(port: number, serve: (socket: Socket) => void): void {
  createServer((socket) => {
    say(port, 'connect')
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    serve(socket)
  }).listen(port, '::', () => say(port, 'listening'))
}

/** Greeting first: the version message of a MySQL server, of an SSH server. */
const greetings = {
  mysql: Buffer.from('4a0000000a382e302e333600080000006a1b2c3d4e5f6071'.padEnd(156, '0'), 'hex'),
  ssh: Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'),
} as const

function greetFirst(socket: Socket, port: number, greeting: Buffer): void {
  socket.write(greeting)
  anything(socket, port)
}

const apps: Readonly<Record<string, (port: number) => void>> = {
  tcp: (port) => tcp(port, (socket) => anything(socket, port)),
  mysql: (port) => tcp(port, (socket) => greetFirst(socket, port, greetings.mysql)),
  ssh: (port) => tcp(port, (socket) => greetFirst(socket, port, greetings.ssh)),
  /** Says what it was asked, with headers as they came. */
  http: (port) =>
    createHttp((request, response) => {
      say(port, 'request', `${request.method} ${request.url}`)
      request.resume()
      response.setHeader('content-type', 'application/json')
      response.end(`${JSON.stringify({ method: request.method, url: request.url, headers: request.rawHeaders })}\n`)
    }).listen(port, '::', () => say(port, 'listening')),
  http2: (port) => {
    const server = createHttp2()
    server.on('stream', (stream, headers) => {
      say(port, 'request', `${headers[':method']} ${headers[':path']}`)
      stream.respond({ ':status': 200, 'content-type': String(headers['content-type'] ?? 'text/plain') })
      stream.end('ok\n')
    })
    server.listen(port, '::', () => say(port, 'listening'))
  },
}

for (const argument of process.argv.slice(2)) {
  const [port, app] = argument.split('=')
  apps[app!]!(Number(port))
}
