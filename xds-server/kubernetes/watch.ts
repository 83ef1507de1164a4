/** One watch, from its request to its end, whatever ends it: the events it brought and the version it came to. */
import { z } from 'zod'
import type { ApiAnswer, ApiRequest, KubernetesClient } from './client.ts'
import { AnswerTooLarge, linesOf, textOf } from './lines.ts'
import type { Outcome } from './watch-state.ts'

/** Etcd takes objects of 1.5 MiB; as JSON text they are larger. */
const maxLineBytes = 16 * 1024 * 1024
/** Of what a server says when it refuses. */
const maxRefusalBytes = 64 * 1024

const watchEvent = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['ADDED', 'MODIFIED', 'DELETED']), object: z.unknown() }),
  z.object({ type: z.literal('BOOKMARK'), object: z.object({ metadata: z.object({ resourceVersion: z.string() }) }) }),
  z.object({
    type: z.literal('ERROR'),
    object: z.object({ code: z.number().optional(), message: z.string().default('') }),
  }),
])
type WatchEvent = z.infer<typeof watchEvent>
export type ObjectChange = (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: unknown) => string

export type WatchOptions = {
  readonly client: KubernetesClient
  readonly request: ApiRequest
  /** Where it goes on from. */
  readonly version: string
  readonly signal: AbortSignal
  readonly silenceMs: number
  /** Takes one change and answers its version. */
  readonly change: ObjectChange
}

/** Never rejects: a connection that breaks is an outcome like another. */
export async function readWatch(options: WatchOptions): Promise<Outcome> {
  const silence = silenceOf(options.silenceMs)
  const signal = AbortSignal.any([options.signal, silence.signal])
  let version = options.version
  let heard = false
  try {
    const { status, retryAfterMs, chunks } = await options.client.open({ ...options.request, signal })
    if (status !== 200) return refusal({ status, retryAfterMs }, await textOf(chunks, maxRefusalBytes))
    for await (const line of linesOf(silence.watching(chunks), maxLineBytes)) {
      const taken = take(line, options.change)
      if (typeof taken !== 'string') return taken.kind === 'failed' ? { ...taken, version, heard } : taken
      version = taken
      heard = true
    }
    return { kind: 'ended', version, heard }
  } catch (error) {
    if (error instanceof AnswerTooLarge) return { kind: 'expired', cause: error.message }
    const cause = silence.signal.aborted ? `nothing heard for ${options.silenceMs} ms` : (error as Error).message
    return { kind: 'failed', cause, version, heard }
  } finally {
    silence.end()
  }
}

/** The new version, or why it goes no further: after a line that makes no sense something may have been missed. */
function take(line: string, change: ObjectChange): string | Outcome {
  try {
    const event: WatchEvent = watchEvent.parse(JSON.parse(line))
    if (event.type === 'ERROR') return told(event.object)
    return event.type === 'BOOKMARK' ? event.object.metadata.resourceVersion : change(event.type, event.object)
  } catch (error) {
    return { kind: 'expired', cause: `a watch event that can not be read: ${(error as Error).message}` }
  }
}

/** An error in the stream: 410 is a version too old, anything else is said of this watch, not of what is held. */
function told({ code = 0, message }: { readonly code?: number | undefined; readonly message: string }): Outcome {
  const cause = `status ${code} in the watch: ${message}`
  return code === 410 ? { kind: 'expired', cause } : { kind: 'failed', cause }
}

/** What a status other than 200 means for a list or a watch. */
export function refusal(head: Pick<ApiAnswer, 'status' | 'retryAfterMs'>, text: string): Outcome {
  const cause = `status ${head.status}: ${text.slice(0, 200)}`
  if (head.status === 410) return { kind: 'expired', cause }
  const { retryAfterMs } = head
  return retryAfterMs === undefined ? { kind: 'refused', cause } : { kind: 'refused', cause, retryAfterMs }
}

/** The watchdog: aborts its signal when no byte came for the time. A connection can be dead without anybody saying so. */
function silenceOf(ms: number) {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), ms)
  timer.unref()
  async function* watching(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      timer.refresh()
      yield chunk
    }
  }
  return { signal: controller.signal, watching, end: () => clearTimeout(timer) }
}
