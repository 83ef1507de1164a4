/** `postern dlp scan`: what would the DLP engine see here? Files or NDJSON; values are never shown. Needs no control plane. */
import type { Command } from 'commander'
import { type LineScan, type Scan, scanFile, scanNdjson } from '../../classifier/dlp/scan.ts'
import { InputError } from '../errors.ts'
import type { Context, Io } from '../io.ts'
import { type Column, clean, table } from '../output.ts'

type Answer = LineScan | ({ readonly file: string } & Scan)
type Options = { readonly json?: boolean; readonly ndjson?: boolean }

const help = `
NDJSON is a text for each line: {"text": …} or {"body": <base64>, "contentType": …, "contentEncoding": …}; each is answered by
{"findings": [{"detector", "offset", "length", "sample", "confidence"}]}. Offsets are in bytes.
A sample is the ends of the value and a keyed hash: equal values have equal samples within one run, or with the same
key in $POSTERN_DLP_KEY.

Examples:
  postern dlp scan export.csv
  echo '{"text": "card 4111 1111 1111 1111"}' | postern dlp scan --json`

export function addDlp(parent: Command, { io, exitWith }: Context): void {
  const dlp = parent.command('dlp').summary('data loss prevention').description('Looks for cards, identities and keys.')
  dlp
    .command('scan')
    .summary('what is in these files?')
    .description('Looks for payment cards, national identities, bank accounts, keys and tokens, each of them checked.')
    .argument(
      '[files...]',
      'files, NDJSON where the name ends in .ndjson or .jsonl; none, or -, is NDJSON from standard input',
    )
    .option('--json', 'a JSON object for each file or line')
    .option('--ndjson', 'the files are NDJSON')
    .addHelpText('after', help)
    .action(async (files: readonly string[], { json = false, ndjson = false }: Options) => {
      const failed = await scanEach(io, files.length > 0 ? files : ['-'], json, ndjson)
      if (failed) exitWith(1)
    })
}

/** Whether something could not be read. */
async function scanEach(io: Io, files: readonly string[], json: boolean, ndjson: boolean): Promise<boolean> {
  const key = io.env.POSTERN_DLP_KEY
  let failed = false
  for (const file of files) {
    for await (const answer of answers(io, file, ndjson, key)) {
      failed ||= 'problem' in answer
      io.out(json ? `${JSON.stringify(answer)}\n` : answerText(io, answer, file))
    }
  }
  return failed
}

async function* answers(io: Io, file: string, ndjson: boolean, key: string | undefined): AsyncGenerator<Answer> {
  try {
    if (file === '-' || ndjson || /\.(?:ndjson|jsonl)$/.test(file)) yield* scanNdjson(io.stream(file), key)
    else yield { file, ...(await scanFile(io.stream(file), key)) }
  } catch (cause) {
    if (typeof (cause as NodeJS.ErrnoException).code !== 'string') throw cause
    throw new InputError(`${file}: ${(cause as Error).message}`, { cause })
  }
}

type Row = Scan['findings'][number]

const columns: readonly Column<Row>[] = [
  { title: 'DETECTOR', text: ({ detector }) => detector },
  { title: 'OFFSET', text: ({ offset }) => String(offset) },
  { title: 'LENGTH', text: ({ length }) => String(length) },
  { title: 'CONFIDENCE', text: ({ confidence }) => confidence },
  { title: 'SAMPLE', text: ({ sample }) => sample },
]

function answerText(io: Io, answer: Answer, file: string): string {
  const name = clean('line' in answer ? `line ${answer.line}` : file)
  if ('problem' in answer) return `${name}: problem: ${clean(answer.problem)}\n`
  const rows = table(io, columns, answer.findings, 'Nothing found.')
  const more = answer.partial === undefined ? '' : `partial: ${clean(answer.partial)}\n`
  return `${name}\n${rows}${more}`
}
