/**
 * Where the two engines differ, and why. A difference that no line here explains fails the test, and so does a line that
 * explains none. libmodsecurity is 3.0.15; what CRS is written and tested with is ModSecurity 2.9 on Apache httpd.
 */
import type { Case } from './cases.ts'

/** Rules that only one of them tells of, and the score. */
export type Difference = {
  readonly theirs: readonly number[]
  readonly ours: readonly number[]
  readonly score: boolean
}

type Explanation = {
  readonly because: string
  readonly where: (each: Case) => boolean
  /** Rules that only libmodsecurity has then; only ours; both change the score, which may also differ without them. */
  readonly theirs?: readonly number[]
  readonly ours?: readonly number[] | 'any'
}

const named =
  (...names: readonly string[]): Explanation['where'] =>
  ({ name }) =>
    names.includes(name)
const uri =
  (pattern: RegExp): Explanation['where'] =>
  ({ request }) =>
    pattern.test(request.uri)
const contentType =
  (pattern: RegExp): Explanation['where'] =>
  ({ request }) =>
    request.headers.some(([header, value]) => header.toLowerCase() === 'content-type' && pattern.test(value))

const nothing: Case['request'] = { method: '', uri: '', protocol: '', headers: [], body: '' }

export const explanations: readonly Explanation[] = [
  {
    because: 'the wheel is built without an XML parser: XML:/* and XML://@* are empty',
    where: contentType(/^(?:application(?:\/soap\+|\/)|text\/)xml/i),
    ours: 'any',
  },
  {
    because: 'version 3 undoes escapes in REQUEST_URI, version 2 and we do not: a backslash shows twice',
    where: uri(/%5c/i),
    theirs: [920460],
  },
  {
    because: 'version 3 leaves scheme and host in REQUEST_FILENAME and REQUEST_BASENAME, version 2 and we do not',
    where: uri(/^https?:\/\//),
    theirs: [931131, 920440, 934110],
  },
  {
    because:
      'multiMatch (930110, 934100): they count otherwise which transformations have changed a value, so some score twice',
    where: named('files 0, form, upper case', 'crs 930100-2', 'crs 930110-9', 'crs 930120-1', 'crs 941100-1'),
  },
  {
    because: 'with multiMatch it tells of a chain whose second rule did not match, without scoring it',
    where: named('crs 942131-5'),
    theirs: [942131],
  },
  {
    because: 'in version 3 ^ and $ stand at every line feed, in version 2 and here at the ends only; CRS asks for that',
    where: named('crs 932238-10', 'crs 932175-10', 'crs 942480-12', 'crs 934120-43/3'),
    theirs: [932340, 932350, 942330],
    ours: [942440],
  },
  {
    because:
      'its urlDecodeUni has no table for %uHHHH unless it is given one (SecUnicodeMapFile); ours knows that ’ becomes a quote',
    where: named('crs 942420-3', 'crs 942420-4', 'crs 942440-10'),
    ours: [942100],
  },
  {
    because: 'its libinjection is newer than the one that Debian has (3.0.14), and takes 1.e( for a number and a call',
    where: named('crs 942560-1'),
    theirs: [942100],
  },
  {
    because: 'its @pm misses a phrase (.env) that begins inside another it had begun (secrets.json): secrets.env',
    where: named('crs 930140-13'),
    ours: [930130],
  },
  {
    because: 'an array of JSON is here an argument of its own name too',
    where: named('crs 934210-13'),
  },
  {
    because: 'it drops line feeds that stand alone from the content of a part',
    where: named('malformed, multipart line feeds in content'),
    ours: [942460],
  },
  {
    because:
      'a missing final boundary is an error (200002) but no strict error there; in version 2 and here it is both',
    where: named('malformed, multipart no end'),
    ours: [200003],
  },
  {
    because:
      'a malformed header of a part is no strict error there, and leaves MULTIPART_PART_HEADERS empty, which CRS asks for',
    where: named('crs 922130-2'),
    ours: [200003, 922130],
  },
  {
    because: 'a part without Content-Disposition is an error for both; it sees neither its content nor a strict error',
    where: named('crs 922130-5', 'crs 932180-3'),
    theirs: [200004],
    ours: 'any',
  },
  {
    because: 'a name of no characters is an error in version 3',
    where: named('crs 920120-39'),
    theirs: [200002, 200003],
  },
  {
    because: 'it reads the boundary also where there is no body',
    where: named('crs 920470-12'),
    theirs: [200003],
  },
]

/** Stages of CRS's regression in which they differ: asked in any case. */
export const isTelling = (name: string): boolean =>
  explanations.some(({ where }) => where({ name: `crs ${name}`, request: nothing }))

/** The explanations that together leave nothing open, or undefined. */
export function explained(each: Case, { theirs, ours }: Difference): readonly Explanation[] | undefined {
  const here = explanations.filter(({ where }) => where(each))
  const covers = (side: 'theirs' | 'ours', id: number): boolean =>
    here.some((explanation) => explanation[side] === 'any' || explanation[side]?.includes(id))
  const isCovered = theirs.every((id) => covers('theirs', id)) && ours.every((id) => covers('ours', id))
  return here.length > 0 && isCovered ? here : undefined
}
