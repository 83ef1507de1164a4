/** CRS's regression tests in the format of go-ftw (coreruleset/ftw-tests-schema), read as they are. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDocument } from 'yaml'

export type StageInput = {
  readonly method?: string
  readonly uri?: string
  readonly version?: string
  readonly headers?: Readonly<Record<string, unknown>>
  readonly data?: string
  /** Base64 of a whole request. */
  readonly encoded_request?: string
  readonly autocomplete_headers?: boolean
}

export type StageOutput = {
  readonly status?: number
  readonly expect_error?: boolean
  readonly log?: {
    readonly expect_ids?: readonly number[]
    readonly no_expect_ids?: readonly number[]
    readonly match_regex?: string
    readonly no_match_regex?: string
  }
}

export type Stage = {
  /** `942100-3`, and `942100-3/2` for a second stage. */
  readonly name: string
  readonly description: string
  readonly input: StageInput
  readonly output: StageOutput
}

type File = {
  readonly rule_id: number
  readonly tests?: readonly {
    readonly test_id: number
    readonly desc?: string
    readonly stages: readonly { readonly input: StageInput; readonly output: StageOutput }[]
  }[]
}

/** Every stage under `<crs>/tests/regression/tests`, by rule and number. */
export function readSuite(crs: string): readonly Stage[] {
  const root = join(crs, 'tests/regression/tests')
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /\.ya?ml$/.test(name))
  return files
    .sort()
    .flatMap((name) => stagesOf(parseDocument(readFileSync(join(root, name), 'utf8')).toJS() as File | null))
}

/** A file may be empty. */
function stagesOf(file: File | null): readonly Stage[] {
  const { rule_id, tests } = file ?? { rule_id: 0 }
  return (tests ?? []).flatMap(({ test_id, desc = '', stages }) =>
    stages.map(({ input, output }, index) => {
      const name = `${rule_id}-${test_id}${index > 0 ? `/${index + 1}` : ''}`
      return { name, description: desc, input, output }
    }),
  )
}
