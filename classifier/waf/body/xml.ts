/** XML → its text and the values of its attributes, which is all that rules ask for (`XML:/*`, `XML://@*`). */
import { SaxesParser } from 'saxes'
import { maxBodyItems, maxXmlDepth } from './limits.ts'
import { type Body, emptyBody } from './model.ts'

/** The parser can not be stopped: it gets the document in pieces, until there is an error. */
const pieceBytes = 1024

/** Entities of a document type are never expanded: an entity that XML itself does not define is an error. */
export function parseXml(source: string): Body {
  let text = ''
  let error: string | undefined
  const attributes: string[] = []
  const parser = new SaxesParser()
  parser.on('error', (problem) => {
    error ??= `XML: ${problem.message}`
  })
  const append = (part: string) => {
    text += part
  }
  parser.on('text', append)
  parser.on('cdata', append)
  parser.on('attribute', ({ value }) => {
    if (attributes.length < maxBodyItems) attributes.push(bytes(value))
    else error ??= `XML: more than ${maxBodyItems} attributes`
  })
  let depth = 0
  parser.on('opentag', () => {
    depth += 1
    if (depth > maxXmlDepth) error ??= `XML: nested more than ${maxXmlDepth} deep`
  })
  parser.on('closetag', () => {
    depth -= 1
  })
  for (let at = 0; at < source.length && error === undefined; at += pieceBytes)
    parser.write(source.slice(at, at + pieceBytes))
  if (error === undefined) parser.close()
  return { ...emptyBody, xml: { text: bytes(text), attributes }, error }
}

/** The source is bytes already; only character references (`&#x20ac;`) give more than a byte. */
const bytes = (text: string): string =>
  text.replace(/[^\0-\xff]+/g, (wide) => Buffer.from(wide, 'utf8').toString('latin1'))
