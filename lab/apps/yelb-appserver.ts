/**
 * Yelb's app server: HTTP on 4567, votes in PostgreSQL, page views in Redis, both found by name.
 *   GET /api/getvotes, GET|POST /api/<restaurant>, GET /api/pageviews, /api/hostname, /api/getstats
 * Promises an answer within a few seconds whatever its stores do: 503 with the reason when one does not answer.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { hostname } from 'node:os'
import { Pool } from 'pg'
import { createClient } from 'redis'

const port = 4567
const restaurants = ['outback', 'bucadibeppo', 'chipotle', 'ihop']
const storeTimeoutMs = 3_000

const database = new Pool({
  host: 'yelb-db',
  user: 'yelb', // the password is in ~/.pgpass
  database: 'yelbdatabase',
  max: 5,
  connectionTimeoutMillis: storeTimeoutMs,
  query_timeout: storeTimeoutMs,
  // so that names and rules are asked again every few seconds, as with many short-lived clients
  idleTimeoutMillis: 5_000,
  maxLifetimeSeconds: 30,
})
database.on('error', (error) => console.error(`database: ${error.message}`)) // an idle connection was cut

const cache = createClient({
  url: 'redis://redis-server:6379',
  socket: { connectTimeout: storeTimeoutMs, reconnectStrategy: 500 },
  disableOfflineQueue: true,
})
cache.on('error', (error: Error) => console.error(`cache: ${error.message}`))
void cache.connect()

async function votes(): Promise<readonly { name: string; value: number }[]> {
  const { rows } = await database.query<{ name: string; count: number }>(
    'SELECT name, count FROM restaurants ORDER BY name',
  )
  return rows.map(({ name, count }) => ({ name, value: count }))
}

async function votesOf(name: string): Promise<string> {
  const { rows } = await database.query<{ count: number }>('SELECT count FROM restaurants WHERE name = $1', [name])
  return String(rows[0]!.count)
}

async function voteFor(name: string): Promise<string> {
  const update = 'UPDATE restaurants SET count = count + 1 WHERE name = $1 RETURNING count'
  const { rows } = await database.query<{ count: number }>(update, [name])
  return String(rows[0]!.count)
}

async function countPageView(): Promise<string> {
  const reply = cache.incr('pageviews')
  const late = new Promise<never>((_, reject) => {
    setTimeout(reject, storeTimeoutMs, new Error('redis-server does not answer')).unref()
  })
  return String(await Promise.race([reply, late]))
}

const routes: Readonly<Record<string, () => Promise<unknown>>> = {
  'GET /api/getvotes': votes,
  'GET /api/pageviews': countPageView,
  'GET /api/hostname': async () => hostname(),
  'GET /api/getstats': async () => ({ hostname: hostname(), pageviews: await countPageView() }),
  ...Object.fromEntries(
    restaurants.flatMap((name) => [
      [`GET /api/${name}`, () => votesOf(name)],
      [`POST /api/${name}`, () => voteFor(name)],
    ]),
  ),
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume()
  const path = request.url?.split('?')[0]
  const route = routes[`${request.method} ${path}`]
  if (route === undefined) return send(response, 404, { error: `nothing at ${request.method} ${path}` })
  try {
    send(response, 200, await route())
  } catch (error) {
    send(response, 503, { error: (error as Error).message })
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const type = typeof body === 'string' ? 'text/plain' : 'application/json'
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text)
}

createServer((request, response) => void answer(request, response)).listen(port, '::')
