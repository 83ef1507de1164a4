/** The body processors by name, as `ctl:requestBodyProcessor` and REQBODY_PROCESSOR say them. */
import { parseJson } from './json.ts'
import { maxBodyItems } from './limits.ts'
import { type Body, emptyBody, type Pair } from './model.ts'
import { parseMultipart } from './multipart.ts'
import { parseUrlEncoded } from './urlencoded.ts'
import { parseXml } from './xml.ts'

export type BodyInput = { readonly body: string; readonly contentType: string; readonly separator: string }

const processors: Readonly<Record<string, (input: BodyInput) => Body>> = {
  URLENCODED: ({ body, separator }) => urlEncoded(parseUrlEncoded(body, separator)),
  MULTIPART: ({ body, contentType }) => parseMultipart(body, contentType),
  JSON: ({ body }) => parseJson(body),
  XML: ({ body }) => parseXml(body),
}

function urlEncoded(pairs: readonly Pair[]): Body {
  if (pairs.length <= maxBodyItems) return { ...emptyBody, arguments: pairs }
  return { ...emptyBody, arguments: pairs.slice(0, maxBodyItems), error: `more than ${maxBodyItems} arguments` }
}

export function parseBody(processor: string, input: BodyInput): Body {
  const read = processors[processor]
  if (read) return read(input)
  return processor === '' ? emptyBody : { ...emptyBody, error: `there is no body processor ${processor}` }
}

/** What ModSecurity chooses without any rule. */
export function standardProcessor(contentType: string): string {
  const type = contentType.split(/[;,]/, 1)[0]!.trim().toLowerCase()
  if (type === 'application/x-www-form-urlencoded') return 'URLENCODED'
  return type === 'multipart/form-data' ? 'MULTIPART' : ''
}
