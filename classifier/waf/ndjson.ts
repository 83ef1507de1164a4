/** `postern waf eval`: requests as NDJSON into verdicts, one line each. */
import { z } from 'zod'
import { linesOf } from '../text/lines.ts'
import type { Engine } from './engine/evaluate.ts'
import type { Header, HttpRequest, HttpResponse } from './engine/model.ts'

export type WafAnswer =
  | {
      readonly ids: readonly number[]
      readonly score: number
      readonly blocked: boolean
      /** The rule that blocked, and with which status. */
      readonly by?: { readonly id: number; readonly status: number }
      /** Why not everything could be read. */
      readonly partial?: string
      /** Microseconds of the evaluation alone. */
      readonly us: number
    }
  | { readonly line: number; readonly problem: string }

/** A request with a body of 8 MB in base64; a longer line is a problem and is skipped. */
const maxLineCharacters = 12 * 1024 * 1024

const headers = z.array(z.tuple([z.string(), z.string()])).default([])
const body = z.base64().default('')
const responseShape = z.strictObject({
  status: z.int().min(100).max(999),
  protocol: z.string().optional(),
  headers,
  body,
})
export const requestShape = z.strictObject({
  method: z.string().default('GET'),
  uri: z.string().default('/'),
  protocol: z.string().default('HTTP/1.1'),
  headers,
  body,
  remoteAddress: z.string().optional(),
  response: responseShape.optional(),
})

type Request = z.output<typeof requestShape>

/** Empty lines are passed over; a line that cannot be read is answered with its problem. */
export async function* evaluateNdjson(
  stream: AsyncIterable<string | Uint8Array>,
  engine: Engine,
): AsyncGenerator<WafAnswer> {
  let line = 0
  for await (const text of linesOf(stream, maxLineCharacters)) {
    line += 1
    if (text === undefined) yield { line, problem: `longer than ${maxLineCharacters} characters` }
    else if (text.trim() !== '') yield answerLine(line, text, engine)
  }
}

function answerLine(line: number, text: string, engine: Engine): WafAnswer {
  try {
    const parsed = requestShape.safeParse(JSON.parse(text))
    return parsed.success ? answer(parsed.data, engine) : { line, problem: problemText(parsed.error) }
  } catch (error) {
    return { line, problem: (error as Error).message }
  }
}

function answer({ response, ...rest }: Request, engine: Engine): WafAnswer {
  const asked = requestOf(rest)
  const answered = response && responseOf(response)
  const start = process.hrtime.bigint()
  const { ids, score, blocked, partial } = engine.evaluate(asked, answered)
  const us = Number(process.hrtime.bigint() - start) / 1000
  return {
    ids,
    score,
    blocked: blocked !== undefined,
    ...(blocked ? { by: { id: blocked.id, status: blocked.status } } : {}),
    ...(partial === undefined ? {} : { partial }),
    us: Math.round(us * 10) / 10,
  }
}

const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1')
const byteHeaders = (list: readonly (readonly [string, string])[]): readonly Header[] =>
  list.map(([name, value]) => [bytes(name), bytes(value)])

function requestOf({ remoteAddress, ...rest }: Omit<Request, 'response'>): HttpRequest {
  return {
    method: bytes(rest.method),
    uri: bytes(rest.uri),
    protocol: rest.protocol,
    headers: byteHeaders(rest.headers),
    body: decoded(rest.body),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  }
}

function responseOf({ protocol, status, headers, body }: z.output<typeof responseShape>): HttpResponse {
  return {
    status,
    headers: byteHeaders(headers),
    body: decoded(body),
    ...(protocol === undefined ? {} : { protocol }),
  }
}

const problemText = (error: z.ZodError): string =>
  error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message)).join('; ')
