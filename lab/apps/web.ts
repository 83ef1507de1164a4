/**
 * A web server that says what it saw: `web.ts HTTP-PORT [TLS-PORT]`, v4 and v6. Answers any request with JSON
 * `{host, method, url, from}`. TLS uses `tls.crt` and `tls.key` of the folder it starts in.
 */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { hostname } from 'node:os'

const [httpPort, tlsPort] = process.argv.slice(2).map(Number)

function answer(request: IncomingMessage, response: ServerResponse): void {
  request.resume()
  const from = request.socket.remoteAddress?.replace(/^::ffff:/, '')
  const body = { host: hostname(), method: request.method, url: request.url, from }
  response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}

createServer(answer).listen(httpPort, '::')
if (tlsPort !== undefined) {
  const tls = { cert: readFileSync('tls.crt'), key: readFileSync('tls.key') }
  createTlsServer(tls, answer).listen(tlsPort, '::')
}
