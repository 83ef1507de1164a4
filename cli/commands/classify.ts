/** `postern classify`: what is this? First bytes of connections, or a capture, to applications. Needs no control plane. */
import type { Command } from 'commander'
import {
  CaptureError,
  classifyCapture,
  classifyNdjson,
  type FlowAnswer,
  type LineAnswer,
} from '../../classifier/capture.ts'
import { collectBytes } from '../bytes.ts'
import { InputError } from '../errors.ts'
import type { Context, Io } from '../io.ts'
import { type Column, clean, table } from '../output.ts'

type Options = { readonly json?: boolean }

const help = `
NDJSON is a line for each connection: {"client": <base64>, "server": <base64>, "id": …}, the first bytes of each side.

Examples:
  postern classify traffic.pcapng
  echo '{"client": "R0VUIC8gSFRUUC8xLjENCg0K"}' | postern classify --json -`

export function addClassify(parent: Command, { io }: Context): void {
  parent
    .command('classify')
    .summary('what is this? (first bytes, pcap or pcapng)')
    .description('Tells the application of each connection, as the sniffer in the sidecars does.')
    .argument('<file>', 'NDJSON, pcap or pcapng; - is standard input')
    .option('--json', 'a JSON object for each connection')
    .addHelpText('after', help)
    .action(async (file: string, { json = false }: Options) => {
      const input = io.stream(file)[Symbol.asyncIterator]()
      const first = await readable(file, input.next())
      const head = first.done ? Buffer.alloc(0) : first.value
      const rest = { [Symbol.asyncIterator]: () => input }
      if (isCapture(head)) capture(io, file, await collectBytes(rest, head), json)
      else await lines(io, joined(head, rest), json)
    })
}

async function readable<T>(file: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (cause) {
    throw new InputError(`${file}: ${(cause as Error).message}`, { cause })
  }
}

/** pcap with micro- or nanoseconds in either byte order, pcapng (draft-ietf-opsawg-pcap, -pcapng). */
const magics = ['a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1', '0a0d0d0a']
const isCapture = (head: Uint8Array): boolean => magics.includes(Buffer.from(head.subarray(0, 4)).toString('hex'))

async function* joined(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head
  yield* rest
}

function capture(io: Io, file: string, bytes: Buffer, json: boolean): void {
  const { flows, notes } = answered(file, bytes)
  if (json) for (const flow of flows) io.out(`${JSON.stringify(flow)}\n`)
  else io.out(table(io, columns, flows, 'There is no TCP connection in it.'))
  for (const note of notes) io.err(`note: ${clean(note)}\n`)
}

function answered(file: string, bytes: Buffer) {
  try {
    return classifyCapture(bytes)
  } catch (error) {
    if (error instanceof CaptureError) throw new InputError(`${file}: ${error.message}`, { cause: error })
    throw error
  }
}

const columns: readonly Column<FlowAnswer>[] = [
  { title: 'CLIENT', text: ({ client }) => addressText(client) },
  { title: 'SERVER', text: ({ server }) => addressText(server) },
  { title: 'APPLICATION', text: (flow) => flow.application },
  { title: 'CONFIDENCE', text: (flow) => flow.confidence },
  { title: 'BYTES', text: (flow) => `${flow.clientBytes}+${flow.serverBytes}` },
]

const addressText = ({ address, port }: FlowAnswer['client']): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

/** Each as soon as its line is there. */
async function lines(io: Io, input: AsyncIterable<Uint8Array>, json: boolean): Promise<void> {
  for await (const answer of classifyNdjson(input)) io.out(json ? `${JSON.stringify(answer)}\n` : lineText(answer))
}

function lineText(answer: LineAnswer): string {
  const name = 'id' in answer && answer.id !== undefined ? String(answer.id) : `line ${answer.line}`
  const said = 'problem' in answer ? `problem: ${answer.problem}` : `${answer.application} (${answer.confidence})`
  return `${clean(name)}: ${clean(said)}\n`
}
