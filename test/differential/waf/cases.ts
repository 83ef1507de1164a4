/** The requests: every attack somewhere in a disguise, text that is no attack everywhere, malformed ones, and CRS's own. */
import type { HttpRequest } from '../../../classifier/waf/engine/model.ts'
import { received } from '../../crs/front.ts'
import { requestOf } from '../../crs/request.ts'
import { readSuite } from '../../crs/suite.ts'
import { isTelling } from './differences.ts'
import { malformed } from './malformed.ts'
import { attacks, benign } from './payloads.ts'
import { disguises, from, placements } from './placements.ts'

/** Named by what it is: `sqli 3, json key, upper case`. */
export type Case = { readonly name: string; readonly request: HttpRequest }

const places = Object.entries(placements)
const covers = Object.entries(disguises)

/** Each value in six places, each time in another disguise, or in none; which ones goes round. */
const placesEach = 6

function placed(kind: string, values: readonly string[], start: number, disguised: boolean): readonly Case[] {
  return values.flatMap((value, index) =>
    Array.from({ length: placesEach }, (_, turn) => {
      const at = (start + index) * placesEach + turn
      const [place, put] = places[(at + Math.floor(at / places.length)) % places.length]!
      const [cover, disguise] = disguised ? covers[(at + Math.floor(at / covers.length)) % covers.length]! : covers[0]!
      return { name: `${kind} ${index}, ${place}, ${cover}`, request: put(disguise(value)) }
    }),
  )
}

export const ownCases: readonly Case[] = [
  ...Object.entries(attacks).flatMap(([family, values], index) => placed(family, values, index * 5, true)),
  ...placed('benign', benign, 0, false),
  ...Object.entries(malformed).map(([name, request]) => ({ name: `malformed, ${name}`, request })),
]

/** Every twentieth stage of CRS's regression, and those in which the engines are known to differ. */
const step = 20

export const crsCases = (crs: string): readonly Case[] =>
  readSuite(crs)
    .filter(({ name }, index) => index % step === 0 || isTelling(name))
    .flatMap(({ name, input }) => {
      const request = received(requestOf(input))
      if (request === undefined) return []
      // libmodsecurity puts the request line together
      const { line: _, ...told } = request
      return [{ name: `crs ${name}`, request: { ...told, remoteAddress: from.remoteAddress } }]
    })
