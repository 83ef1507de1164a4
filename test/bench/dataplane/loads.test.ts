import { expect, test } from 'vitest'
import { parseCsv, parseWrk } from './loads.ts'

test('what redis-benchmark says', () => {
  const csv = `"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
"set key xxx","58479.53","0.582","0.184","0.551","0.799","0.895","1.727"
`
  expect(parseCsv(csv, 10_000)).toEqual({ requests: 10_000, rate: 58479.53, p50: 0.551, p99: 0.895 })
  expect(() => parseCsv('ERR', 1)).toThrow('redis-benchmark says no rps: ERR')
})

const wrk = `Running 1s test @ http://10.22.1.2:8080/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   568.15us  626.61us   6.85ms   89.13%
    Req/Sec    61.31k     1.93k   64.20k    60.00%
  Latency Distribution
     50%  347.00us
     75%  594.00us
     90%    1.25ms
     99%    3.38ms
  61021 requests in 1.00s, 9.43MB read
Requests/sec:  60953.21
Transfer/sec:      9.42MB
`

test('what wrk says', () => {
  expect(parseWrk(wrk)).toEqual({ requests: 61021, rate: 60953.21, p50: 0.347, p99: 3.38 })
  expect(() => parseWrk(`${wrk}  Non-2xx or 3xx responses: 5\n`)).toThrow('wrk had errors')
  expect(() => parseWrk('unable to connect')).toThrow('wrk says no')
})
