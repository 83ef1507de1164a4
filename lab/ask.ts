import { request } from 'node:http'

const timeoutMs = 2_000

/** A GET over a unix socket; undefined when nobody answers. */
export function pageOverSocket(
  socketPath: string,
  path: string,
): Promise<{ readonly status: number | undefined; readonly body: string } | undefined> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path, timeout: timeoutMs }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        body += text
      })
      response.once('end', () => resolve({ status: response.statusCode, body }))
      response.once('error', () => resolve(undefined))
    })
    asked.once('timeout', () => asked.destroy())
    asked.once('error', () => resolve(undefined))
    asked.end()
  })
}
